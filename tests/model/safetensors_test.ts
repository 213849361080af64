import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  CheckpointError,
  readSafetensors,
  type TensorData,
  type TensorDtype,
  writeSafetensors,
} from "../../src/model.ts";

/** Bytes, one a character. */
const latin1 = (text: string): Uint8Array =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** A file by hand: the header as given, padded, and the tensors' bytes. */
function file(header: unknown, data: number[] = [], declared?: number): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const bytes = new TextEncoder().encode(text);
  const out = new Uint8Array(8 + bytes.length + data.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(declared ?? bytes.length), true);
  out.set(bytes, 8);
  out.set(data, 8 + bytes.length);
  return out;
}

const one = (entry: unknown, data: number[]) => file({ "conv1.weight": entry }, data);

Deno.test("readSafetensors() reads a file laid out by hand", () => {
  const bytes = file({
    __metadata__: { by: "hand" },
    half: { dtype: "F16", shape: [2], data_offsets: [1, 5] },
    byte: { dtype: "U8", shape: [], data_offsets: [0, 1] },
    brain: { dtype: "BF16", shape: [1, 1], data_offsets: [5, 7] },
    float: { dtype: "F32", shape: [1], data_offsets: [7, 11] },
    none: { dtype: "I64", shape: [3, 0], data_offsets: [11, 11] },
    // float lies at an odd byte: no view of the file could hold it.
  }, [7, 0x00, 0x3c, 0x00, 0xc0, 0x49, 0xc0, 0x00, 0x00, 0x80, 0x3f]);
  const { tensors, metadata } = readSafetensors(bytes);
  assertEquals(metadata, { by: "hand" });
  assertEquals([...tensors], [
    ["byte", { dtype: "U8", shape: [], data: Uint8Array.of(7) }],
    ["half", { dtype: "F16", shape: [2], data: Float32Array.of(1, -2) }],
    ["brain", { dtype: "BF16", shape: [1, 1], data: Float32Array.of(-3.140625) }],
    ["float", { dtype: "F32", shape: [1], data: Float32Array.of(1) }],
    ["none", { dtype: "I64", shape: [3, 0], data: new BigInt64Array() }],
  ]);
});

Deno.test("writeSafetensors() lays a file out as the format says", () => {
  const bytes = writeSafetensors(
    new Map<string, TensorData>([
      ["b", { dtype: "U8", shape: [1], data: Uint8Array.of(9) }],
      ["w", { dtype: "F32", shape: [1, 1], data: Float32Array.of(1) }],
      ["n", { dtype: "I64", shape: [], data: BigInt64Array.of(-2n) }],
    ]),
    { k: "v" },
  );
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assertEquals(length % 8, 0);
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  assertEquals(
    header.trimEnd(),
    '{"__metadata__":{"k":"v"},"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},' +
      '"w":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]},' +
      '"b":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}}',
  );
  // deno-fmt-ignore
  assertEquals([...bytes.subarray(8 + length)], [
    0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x80, 0x3f, 9,
  ]);
});

const ARRAYS = {
  F64: [fc.double(), Float64Array],
  F32: [fc.float(), Float32Array],
  I32: [fc.integer(), Int32Array],
  U32: [fc.nat(), Uint32Array],
  I16: [fc.integer({ min: -32_768, max: 32_767 }), Int16Array],
  U16: [fc.nat(65_535), Uint16Array],
  I8: [fc.integer({ min: -128, max: 127 }), Int8Array],
  U8: [fc.nat(255), Uint8Array],
  BOOL: [fc.nat(1), Uint8Array],
} as const;

function anyTensor(): fc.Arbitrary<TensorData> {
  const shape = fc.array(fc.nat(4), { maxLength: 3 });
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const exactly = <T>(values: fc.Arbitrary<T>, length: number) =>
    fc.array(values, { minLength: length, maxLength: length });
  const numbers = fc.tuple(
    fc.constantFrom(...Object.keys(ARRAYS) as (keyof typeof ARRAYS)[]),
    shape,
  )
    .chain(([dtype, shape]) => {
      const [values, array] = ARRAYS[dtype];
      return exactly<number>(values, size(shape))
        .map((data): TensorData => ({ dtype, shape, data: array.from(data) }));
    });
  const bigints = fc.tuple(fc.boolean(), shape).chain(([signed, shape]) =>
    exactly(
      signed ? fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) : fc.bigInt(0n, 2n ** 64n - 1n),
      size(shape),
    )
      .map((data): TensorData => ({
        dtype: signed ? "I64" : "U64",
        shape,
        data: signed ? BigInt64Array.from(data) : BigUint64Array.from(data),
      }))
  );
  // Integers up to 256 are exact in both 16-bit formats.
  const halves = fc.tuple(fc.constantFrom<TensorDtype>("F16", "BF16"), shape).chain((
    [dtype, shape],
  ) =>
    exactly(fc.integer({ min: -256, max: 256 }), size(shape))
      .map((data): TensorData => ({ dtype, shape, data: Float32Array.from(data) }))
  );
  return fc.oneof(numbers, bigints, halves);
}

const anyFile = () =>
  fc.tuple(
    fc.uniqueArray(fc.tuple(fc.string({ unit: "grapheme" }), anyTensor()), {
      selector: ([name]) => name,
      maxLength: 6,
    }),
    fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
  );

Deno.test("readSafetensors() reads what writeSafetensors() writes, whatever it is", () => {
  fc.assert(
    fc.property(anyFile(), ([entries, metadata]) => {
      const tensors = new Map(entries.filter(([name]) => name !== "__metadata__"));
      const bytes = writeSafetensors(tensors, metadata);
      const read = readSafetensors(bytes);
      assertEquals(read.tensors, tensors);
      assertEquals(Object.entries(read.metadata), Object.entries(metadata));
      assertEquals(writeSafetensors(read.tensors, read.metadata), bytes);
    }),
    { numRuns: 200 },
  );
});

Deno.test("readSafetensors() refuses every truncation of a file", () => {
  const tensors = new Map<string, TensorData>([
    ["a", { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) }],
    ["b", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) }],
  ]);
  const bytes = writeSafetensors(tensors);
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(() => readSafetensors(bytes.subarray(0, length)), CheckpointError, "Cannot read");
  }
});

Deno.test("readSafetensors() throws nothing but CheckpointError on damaged files", () => {
  const tensors = new Map<string, TensorData>([
    ["a", { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) }],
  ]);
  const bytes = writeSafetensors(tensors, { k: "v" });
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const damaged = bytes.slice();
      damaged[at] = value;
      try {
        readSafetensors(damaged);
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("readSafetensors() names the file, the tensor and what is wrong with it", () => {
  const F32 = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(), "Cannot read m.safetensors: the file is empty"],
    [file("{}", [], 500), "truncated, the header of 500 bytes ends after the file's 10"],
    [file("[]"), "its header does not begin with {"],
    [file('{"a":'), "the header is not JSON"],
    [file({ __metadata__: { a: 1 } }), "metadata a is not a string"],
    [one(3, []), "tensor conv1.weight is not described by an object"],
    [one({ ...F32, dtype: "F8_E4M3" }, [0]), 'the unknown element type "F8_E4M3"'],
    [one({ ...F32, dtype: "toString" }, [0]), 'the unknown element type "toString"'],
    [one({ ...F32, shape: [-1] }, [0]), "tensor conv1.weight has the shape [-1]"],
    [one({ ...F32, data_offsets: [0] }, [0]), "tensor conv1.weight has the offsets [0]"],
    [one({ ...F32, data_offsets: [4, 0] }, [0, 0, 0, 0]), "before its start"],
    [
      one({ ...F32, shape: [1000], data_offsets: [0, 4000] }, [0, 0]),
      "tensor conv1.weight ends at byte 4,000, but the file holds 2: truncated",
    ],
    [
      one({ ...F32, shape: [2] }, [0, 0, 0, 0]),
      "tensor conv1.weight of shape [2] and type F32 takes 8 bytes, but its offsets span 4",
    ],
    [one(F32, [0, 0, 0, 0, 0]), "1 bytes after the last tensor"],
    [
      one({ ...F32, data_offsets: [1, 5] }, [0, 0, 0, 0, 0]),
      "tensor conv1.weight starts at byte 1, but the one before ends at 0",
    ],
    [
      file({ a: F32, b: { ...F32, data_offsets: [2, 6] } }, [0, 0, 0, 0, 0, 0]),
      "tensor b starts at byte 2, but the one before ends at 4",
    ],
    [new TextEncoder().encode("PK\x03\x04 and so on, archive"), "a PyTorch .pt file"],
    [new TextEncoder().encode("<!doctype html><title>404</title>"), "looks like a web page"],
    [latin1("PK\x03\x04archive/data.pkl"), "PyTorch .pt file or another zip archive. Convert it"],
    [latin1("\x80\x02\x8a\nl\xfc\x9cF"), "Python pickle. Convert it in Python"],
    [latin1("PK\x03\x04\x14\0\0\0metadata.json"), "Keras .keras file, which cannot be read"],
    [latin1("\x89HDF\r\n\x1a\n\0\0\0"), "Keras .h5 file, which cannot be read"],
    [latin1("PK\x03\x04\x14\0\0\0\x08\0arr_0.npy"), "NumPy's .npz, which cannot be read"],
    [latin1("\x1c\0\0\0TFL3\x14\0\x20\0"), "TensorFlow Lite file, which cannot be read"],
    [latin1("\x08\x07\x12\x07pytorch\x1a\x05"), "ONNX file, which cannot be read"],
    [latin1('{"format": "layers-model", "generatedBy"'), "model.json of TensorFlow.js, which"],
    [latin1('{"modelTopology":{"class_name":"Model"}}'), "model.json of TensorFlow.js, which"],
    [latin1("GGUF\x03\0\0\0\0\0\0\0"), "GGUF file, which cannot be read"],
    [latin1("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "it is a PNG"],
    [new TextEncoder().encode("version https://git-lfs.github.com/spec/v1"), "a Git LFS pointer"],
  ];
  for (const [bytes, message] of cases) {
    const error = assertThrows(
      () => readSafetensors(bytes, "m.safetensors"),
      CheckpointError,
      message,
    );
    assertEquals(error.message.startsWith("Cannot read m.safetensors: "), true);
    assertEquals(error.message.includes("\n"), false);
  }
});

Deno.test("writeSafetensors() refuses what it cannot write", () => {
  const write = (name: string, tensor: TensorData) => () =>
    writeSafetensors(new Map([[name, tensor]]));
  const data = Float32Array.of(1, 2);
  assertThrows(
    write("w", { dtype: "F32", shape: [3], data }),
    TypeError,
    "Cannot write tensor w as F32 of shape [3]: expected Float32Array of 3, got Float32Array of 2",
  );
  assertThrows(
    write("w", { dtype: "I32", shape: [2], data }),
    TypeError,
    "expected Int32Array of 2",
  );
  assertThrows(write("__metadata__", { dtype: "F32", shape: [2], data }), TypeError);
  assertThrows(
    write("bn1.running_var", { dtype: "F16", shape: [1], data: Float32Array.of(70_000) }),
    RangeError,
    "Cannot write tensor bn1.running_var as F16: element 0 is 70000, above 65,504",
  );
});
