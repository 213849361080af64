import { assertEquals } from "@std/assert";
import { Generator } from "../../src/random.ts";
import { fromBFloat16, fromFloat16, toBFloat16, toFloat16 } from "../../src/model/float16.ts";

/** Rounds what comes in by NumPy and by PyTorch, and gives the bits of both. */
const PYTHON = `
import sys, numpy, torch
values = numpy.frombuffer(sys.stdin.buffer.read(), dtype="<f4")
with numpy.errstate(over="ignore"):
    sys.stdout.buffer.write(values.astype("<f2").tobytes())
sys.stdout.buffer.write(torch.from_numpy(values.copy()).half().numpy().tobytes())
`;
const PYTHON_PATH = "/usr/bin/python3";

async function hasTorch(): Promise<boolean> {
  try {
    const args = ["-c", "import numpy, torch"];
    return (await new Deno.Command(PYTHON_PATH, { args, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

const ALL = Uint16Array.from({ length: 65_536 }, (_, i) => i);

Deno.test("fromFloat16() gives the values of IEEE 754's binary16", () => {
  // deno-fmt-ignore
  const table: [number, number][] = [
    [0x0000, 0], [0x8000, -0], [0x3c00, 1], [0xc000, -2], [0x3555, 0.333251953125],
    [0x7bff, 65504], [0x0400, 2 ** -14], [0x03ff, 2 ** -14 - 2 ** -24], [0x0001, 2 ** -24],
    [0x7c00, Infinity], [0xfc00, -Infinity], [0x7e00, NaN],
  ];
  for (const [bits, value] of table) {
    const [actual] = fromFloat16(Uint16Array.of(bits));
    assertEquals(Object.is(actual, value), true, `0x${bits.toString(16)} is ${actual}`);
  }
});

Deno.test("toFloat16() rounds to the nearest, ties to even", () => {
  // deno-fmt-ignore
  const table: [number, number][] = [
    [1 + 2 ** -11, 0x3c00], [1 + 3 * 2 ** -11, 0x3c02], [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [65519, 0x7bff], [65520, 0x7c00], [-65520, 0xfc00], [2 ** -25, 0], [2 ** -25 * 1.5, 1],
    [2 ** -24 * 1.5, 2], [2 ** -14 - 2 ** -26, 0x0400], [2 - 2 ** -12, 0x4000], [1e-30, 0],
  ];
  for (const [value, bits] of table) {
    assertEquals(toFloat16(Float32Array.of(value))[0], bits, `${value}`);
  }
});

Deno.test("toFloat16() undoes fromFloat16() for every number", () => {
  const back = toFloat16(fromFloat16(ALL));
  ALL.forEach((bits, i) => {
    const isNaN = (bits & 0x7fff) > 0x7c00;
    // A NaN comes back quiet.
    assertEquals(back[i], isNaN ? bits | 0x200 : bits);
  });
});

Deno.test("toBFloat16() rounds to the nearest, ties to even, and undoes fromBFloat16()", () => {
  const bits = (value: number) => toBFloat16(Float32Array.of(value))[0];
  assertEquals(bits(1), 0x3f80);
  assertEquals(bits(1 + 2 ** -8), 0x3f80);
  assertEquals(bits(1 + 3 * 2 ** -8), 0x3f82);
  assertEquals(bits(3.4028234e38), 0x7f80);
  assertEquals(fromBFloat16(Uint16Array.of(0xc049))[0], -3.140625);
  const back = toBFloat16(fromBFloat16(ALL));
  ALL.forEach((each, i) => {
    const isNaN = (each & 0x7fff) > 0x7f80;
    assertEquals(back[i], isNaN ? each | 0x40 : each);
  });
});

Deno.test({
  name: "toFloat16() rounds as NumPy and PyTorch do (python)",
  ignore: !await hasTorch(),
  async fn() {
    const generator = new Generator(16);
    const bits = Uint32Array.from({ length: 40_000 }, () => generator.integer(2 ** 32));
    const any = new Float32Array(bits.buffer).map((value) => Number.isNaN(value) ? 0 : value);
    // Exactly between two neighbours, and a hair beside.
    const halves = fromFloat16(ALL.filter((each) => (each & 0x7c00) !== 0x7c00));
    const ties = halves.map((value, i) => (value + (halves[i + 1] ?? value)) / 2);
    const values = Float32Array.from([
      ...any,
      ...Array.from({ length: 40_000 }, () => generator.normal() * 2 ** generator.uniform(-30, 18)),
      ...ties,
      ...ties.map((value) => value * (1 + 2 ** -22)),
      ...ties.map((value) => value * (1 - 2 ** -22)),
    ]);
    const child = new Deno.Command(PYTHON_PATH, {
      args: ["-c", PYTHON],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    const written = writer.write(new Uint8Array(values.buffer)).then(() => writer.close());
    const { stdout } = await child.output();
    await written;
    const expected = new Uint16Array(stdout.buffer, stdout.byteOffset, stdout.length / 2);
    assertEquals(expected.length, 2 * values.length);
    const actual = toFloat16(values);
    for (const [i, library] of ["NumPy", "PyTorch"].entries()) {
      const theirs = expected.subarray(i * values.length, (i + 1) * values.length);
      const wrong = actual.findIndex((half, at) => half !== theirs[at]);
      assertEquals(wrong, -1, `${values[wrong]} in ${library} is ${theirs[wrong]}`);
    }
  },
});
