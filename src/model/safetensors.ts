/**
 * The safetensors format: named tensors in one file, with nothing in it that could run.
 *
 * Layout (https://github.com/huggingface/safetensors): the header's length as a 64-bit integer, the
 * header as JSON, then the tensors' bytes without gaps. All of it little-endian.
 *
 * @module
 */
import { fileKind } from "../file_kind.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import { fromBFloat16, fromFloat16, toBFloat16, toFloat16 } from "./float16.ts";

export { CheckpointError };

/** The arrays that tensors are held in. */
export type TensorArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** The element types that are read and written, by safetensors' names. */
export type TensorDtype =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U64"
  | "U32"
  | "U16"
  | "U8"
  | "BOOL";

/** A tensor on the host. */
export interface TensorData {
  /** The element type in the file. */
  readonly dtype: TensorDtype;
  /** The length of each dimension; `[]` is a scalar. */
  readonly shape: readonly number[];
  /**
   * The elements in row-major order: a `Float32Array` for F32, F16 and BF16, a `BigInt64Array` for
   * I64, a `Uint8Array` for BOOL, and the array of the same name for the others.
   */
  readonly data: TensorArray;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** The tensors by name, in the order of their bytes. */
  readonly tensors: Map<string, TensorData>;
  /** Free text beside them. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Codec {
  /** Bytes of an element in the file. */
  readonly bytes: number;
  readonly array: new (length: number) => TensorArray;
  decode(buffer: ArrayBuffer): TensorArray;
  encode(data: TensorArray): TensorArray;
}

function plain(
  bytes: number,
  array: { new (length: number): TensorArray; new (buffer: ArrayBuffer): TensorArray },
): Codec {
  return { bytes, array, decode: (buffer) => new array(buffer), encode: (data) => data };
}

function narrow(
  decode: (halves: Uint16Array) => Float32Array,
  encode: (values: Float32Array) => Uint16Array,
): Codec {
  return {
    bytes: 2,
    array: Float32Array,
    decode: (buffer) => decode(new Uint16Array(buffer)),
    encode: (data) => encode(data as Float32Array),
  };
}

const CODECS: Readonly<Record<TensorDtype, Codec>> = {
  F64: plain(8, Float64Array),
  F32: plain(4, Float32Array),
  F16: narrow(fromFloat16, toFloat16),
  BF16: narrow(fromBFloat16, toBFloat16),
  I64: plain(8, BigInt64Array),
  I32: plain(4, Int32Array),
  I16: plain(2, Int16Array),
  I8: plain(1, Int8Array),
  U64: plain(8, BigUint64Array),
  U32: plain(4, Uint32Array),
  U16: plain(2, Uint16Array),
  U8: plain(1, Uint8Array),
  BOOL: plain(1, Uint8Array),
};

/** The length that the reference implementation allows a header. */
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = "__metadata__";

const isDtype = (value: unknown): value is TensorDtype =>
  typeof value === "string" && Object.hasOwn(CODECS, value);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
const count = (value: number): string => value.toLocaleString("en");
const product = (shape: readonly number[]): number => shape.reduce((size, each) => size * each, 1);

/** How PyTorch's own files become safetensors. */
const CONVERSION = ". Convert it in Python: from safetensors.torch import save_file; " +
  'save_file(torch.load("model.pt", "cpu"), "model.safetensors")';

/** Where there is no way from a file to one of ours. */
const NO_WAY =
  ", which cannot be read: only safetensors can, of this library or of a PyTorch network";

/** What a file that is none of ours looks like, for the message. */
function guessFormat(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 4096));
  const start = text.slice(0, 64);
  if (/^PK[^]*\.npy/.test(start)) return ": it looks like NumPy's .npz, which cannot be read";
  if (/^PK[^]*(?:metadata|config)\.json/.test(start)) {
    return `: it looks like a Keras .keras file${NO_WAY}`;
  }
  if (start.startsWith("PK")) {
    return `: it looks like a PyTorch .pt file or another zip archive${CONVERSION}`;
  }
  if (bytes[0] === 0x80) return `: it looks like a Python pickle${CONVERSION}`;
  if (fileKind(bytes)?.name === "HDF5") return `: it looks like a Keras .h5 file${NO_WAY}`;
  if (start.startsWith("version https://git-lfs")) return ": it is a Git LFS pointer, not the file";
  if (/^\s*</.test(start)) return ": it looks like a web page";
  if (start.slice(4, 8) === "TFL3") return `: it looks like a TensorFlow Lite file${NO_WAY}`;
  if (start.startsWith("GGUF")) return `: it looks like a GGUF file${NO_WAY}`;
  if (/^\s*\{[^]*(?:"modelTopology"|"weightsManifest"|layers-model|graph-model)/.test(text)) {
    return `: it looks like a model.json of TensorFlow.js${NO_WAY}`;
  }
  if (/^\s*[{[]/.test(start)) return ": it looks like JSON";
  // A protocol buffer whose first fields are a small version and the producer's name.
  if (bytes[0] === 0x08 && bytes[1] < 0x20 && [0x12, 0x1a, 0x22, 0x3a].includes(bytes[2])) {
    return `: it looks like an ONNX file${NO_WAY}`;
  }
  const kind = fileKind(bytes);
  return kind ? `: it is ${kind.name}` : "";
}

/**
 * Reads a safetensors file, and takes nothing that the format does not allow.
 *
 * @param bytes The whole file.
 * @param source What to call the file in messages.
 * @returns Its tensors, copied out of `bytes`, and its metadata.
 * @throws {CheckpointError} When the file is truncated, malformed or of another format, or has an
 * element type that is not in {@linkcode TensorDtype}.
 *
 * @example Write and read
 * ```ts
 * import { readSafetensors, writeSafetensors } from "@fer/core/model";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = writeSafetensors(
 *   new Map([["weight", { dtype: "F32", shape: [2, 1], data: Float32Array.of(1, 2) }]]),
 *   { by: "hand" },
 * );
 * const { tensors, metadata } = readSafetensors(bytes);
 * assertEquals(tensors.get("weight")?.data, Float32Array.of(1, 2));
 * assertEquals(metadata.by, "hand");
 * ```
 */
export function readSafetensors(
  bytes: Uint8Array,
  source: string = "the safetensors data",
): Safetensors {
  const fail = (why: string, cause?: unknown): never => {
    throw new CheckpointError(`Cannot read ${source}: ${why}`, { cause });
  };
  const foreign = (why: string): never =>
    fail(`not a safetensors file, ${why}${guessFormat(bytes)}`);

  if (bytes.length === 0) fail("the file is empty");
  if (bytes.length < 8) foreign(`${bytes.length} bytes are too few`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) foreign(`its header would be ${count(length)} bytes long`);
  if (8 + length > bytes.length) {
    // A header's first byte tells a cut file from one that was never of this format.
    const why = `the header of ${count(length)} bytes ends after the file's ${count(bytes.length)}`;
    if (bytes.length > 8 && bytes[8] !== 0x7b) foreign(why);
    fail(`truncated, ${why}`);
  }

  let header: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes.subarray(8, 8 + length));
    if (!text.startsWith("{")) foreign("its header does not begin with {");
    header = JSON.parse(text);
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    fail("the header is not JSON", error);
  }
  if (!isRecord(header)) return foreign("its header is not a JSON object");

  const { [METADATA]: metadata = {}, ...entries } = header;
  if (!isRecord(metadata)) return fail(`${METADATA} is not an object`);
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string") fail(`metadata ${key} is not a string`);
  }

  const data = bytes.subarray(8 + length);
  const spans: { name: string; start: number; end: number; tensor: TensorData }[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const wrong = (why: string): never => fail(`tensor ${name} ${why}`);
    if (!isRecord(entry)) return wrong("is not described by an object");
    const { dtype, shape, data_offsets: offsets } = entry;
    if (!isDtype(dtype)) return wrong(`has the unknown element type ${JSON.stringify(dtype)}`);
    if (!Array.isArray(shape) || !shape.every(isSize)) {
      return wrong(`has the shape ${JSON.stringify(shape)}, not a list of lengths`);
    }
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
      return wrong(`has the offsets ${JSON.stringify(offsets)}, not a start and an end`);
    }
    const [start, end] = offsets as [number, number];
    if (start > end) wrong(`ends at byte ${count(end)}, before its start ${count(start)}`);
    if (end > data.length) {
      wrong(`ends at byte ${count(end)}, but the file holds ${count(data.length)}: truncated`);
    }
    const { bytes: width, decode } = CODECS[dtype];
    const expected = product(shape) * width;
    if (end - start !== expected) {
      wrong(
        `of shape [${shape}] and type ${dtype} takes ${count(expected)} bytes, ` +
          `but its offsets span ${count(end - start)}`,
      );
    }
    // A copy begins where any element type may, wherever the tensor lies in the file.
    const tensor = { dtype, shape, data: decode(data.slice(start, end).buffer) };
    spans.push({ name, start, end, tensor });
  }

  spans.sort((a, b) => a.start - b.start || a.end - b.end);
  let at = 0;
  for (const { name, start, end } of spans) {
    if (start !== at) {
      fail(
        `tensor ${name} starts at byte ${count(start)}, but the one before ends at ${count(at)}`,
      );
    }
    at = end;
  }
  if (at !== data.length) fail(`${count(data.length - at)} bytes after the last tensor`);
  return {
    tensors: new Map(spans.map(({ name, tensor }) => [name, tensor])),
    metadata: metadata as Record<string, string>,
  };
}

/**
 * Writes a safetensors file: wider element types first, so that every tensor is aligned, the header
 * padded with spaces to 8 bytes.
 *
 * @param tensors The tensors by name, written in this order within an element width.
 * @param metadata Free text beside them.
 * @returns The whole file; the same bytes for the same arguments.
 * @throws {TypeError} When a tensor's array does not fit its type or shape.
 * @throws {RangeError} When a finite value is too large for F16.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(([, a], [, b]) => CODECS[b.dtype].bytes - CODECS[a.dtype].bytes);
  // Object.fromEntries, because `header["__proto__"] = ...` would set no property.
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push([METADATA, metadata]);
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    const codec = CODECS[dtype];
    if (name === METADATA) throw new TypeError(`Cannot write a tensor named ${METADATA}`);
    const size = product(shape);
    if (!(data instanceof codec.array) || data.length !== size) {
      throw new TypeError(
        `Cannot write tensor ${name} as ${dtype} of shape [${shape}]: expected ` +
          `${codec.array.name} of ${size}, got ${data.constructor.name} of ${data.length}`,
      );
    }
    const start = end;
    end += data.length * codec.bytes;
    entries.push([name, { dtype, shape, data_offsets: [start, end] }]);
  }
  const text = JSON.stringify(Object.fromEntries(entries));
  const unpadded = new TextEncoder().encode(text);
  const padding = (8 - unpadded.length % 8) % 8;
  const length = unpadded.length + padding;

  const out = new Uint8Array(8 + length + end);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(unpadded, 8);
  out.fill(0x20, 8 + unpadded.length, 8 + length);
  let at = 8 + length;
  for (const [name, { dtype, data }] of sorted) {
    const encoded = CODECS[dtype].encode(data);
    if (dtype === "F16") {
      const lost = (encoded as Uint16Array).findIndex((half, i) =>
        (half & 0x7fff) === 0x7c00 && Number.isFinite(data[i])
      );
      if (lost >= 0) {
        throw new RangeError(
          `Cannot write tensor ${name} as F16: element ${lost} is ${data[lost]}, above 65,504`,
        );
      }
    }
    out.set(new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength), at);
    at += encoded.byteLength;
  }
  return out;
}
