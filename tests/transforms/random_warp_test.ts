import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  Generator,
  type Image,
  RandomWarp,
  Resize,
  transformFromJSON,
} from "../../src/transforms.ts";
import { findTorch } from "../find_torch.ts";

const python = findTorch();

/** A warp to compare with PyTorch's. */
interface Case {
  readonly seed: number;
  readonly edge: number;
  readonly warp: RandomWarp;
  /** Levels by which it may be off besides rounding. */
  readonly slack?: number;
}

/** A warp that does nothing that is random, but for what `options` say. */
const still = { flip: 0, degrees: 0, scale: [1, 1], ratio: [1, 1], shift: 0 } as const;

function grey(width: number, height: number, seed = 1): Image {
  const generator = new Generator(seed);
  const data = Uint8Array.from({ length: width * height }, () => generator.integer(256));
  return { data, width, height };
}

Deno.test("RandomWarp with nothing to do gives the image back", () => {
  const image = grey(9, 6);
  assertEquals(new RandomWarp([6, 9], still).apply(image, new Generator(1)), image);
  const colours = { ...image, width: 3 };
  assertEquals(new RandomWarp([6, 3], still).apply(colours, new Generator(1)), colours);
});

Deno.test("RandomWarp mirrors and turns as its draws say", () => {
  const image = { data: Uint8Array.of(1, 2, 3, 4), width: 2, height: 2 };
  const warped = (
    options: object,
  ) => [...new RandomWarp(2, { ...still, ...options }).apply(image, new Generator(1)).data];
  assertEquals(warped({ flip: 1 }), [2, 1, 4, 3]);
  assertEquals(warped({ degrees: [90, 90] }), [2, 4, 1, 3]);
  assertEquals(warped({ degrees: [90, 90], flip: 1 }), [4, 2, 3, 1]);
});

Deno.test("RandomWarp changes brightness, then contrast around the mean, as ColorJitter does", () => {
  const image = { data: Uint8Array.of(0, 60, 120, 180), width: 2, height: 2 };
  const lit = (options: object, seed: number) => {
    const warp = new RandomWarp(2, { ...still, ...options });
    return {
      params: warp.getParams(image, new Generator(seed)),
      image: warp.apply(image, new Generator(seed)),
    };
  };
  const { params, image: bright } = lit({ brightness: 1 }, 3);
  assertEquals(
    [...bright.data],
    [0, 60, 120, 180].map((level) => Math.min(255, Math.round(level * params.brightness))),
  );
  const other = lit({ contrast: 1 }, 3);
  assertEquals(
    [...other.image.data],
    [0, 60, 120, 180].map((level) =>
      Math.max(0, Math.min(255, Math.round(90 + (level - 90) * other.params.contrast)))
    ),
  );
});

Deno.test("RandomWarp leaves the opacity of RGBA as it is when light changes", () => {
  const image = { data: Uint8Array.of(100, 100, 100, 255, 50, 50, 50, 255), width: 2, height: 1 };
  const { data } = new RandomWarp([1, 2], { ...still, brightness: 0.5 })
    .apply(image, new Generator(2));
  assertEquals([data[3], data[7]], [255, 255]);
  assert(data[0] !== 100);
});

Deno.test("RandomWarp with downscale gives what a smaller image enlarged gives", () => {
  const image = grey(48, 48);
  const warp = new RandomWarp(48, { ...still, downscale: 1 });
  const { downscale } = warp.getParams(image, new Generator(4));
  assert(downscale >= 0.5 && downscale < 1);
  const edge = Math.round(48 * downscale);
  const [smaller, larger] = [new Resize([edge, edge]), new Resize([48, 48])];
  const generator = new Generator(0);
  assertEquals(
    warp.apply(image, new Generator(4)).data,
    larger.apply(smaller.apply(image, generator), generator).data,
  );
});

Deno.test("RandomWarp with nothing new asked for draws what it always drew", () => {
  const image = grey(48, 48);
  const [plain, spelt] = [
    new RandomWarp(40),
    new RandomWarp(40, { shear: 0, brightness: 0, contrast: 0, downscale: 0 }),
  ].map((warp) => {
    const generator = new Generator(9);
    return [warp.apply(image, generator).data, generator.random()];
  });
  assertEquals(plain, spelt);
  const { shear, brightness, contrast, downscale } = new RandomWarp(40)
    .getParams(image, new Generator(9));
  assertEquals([shear, brightness, contrast, downscale], [0, 1, 1, 1]);
});

Deno.test("RandomWarp refuses light, shear and probabilities out of range", () => {
  const refuse = (options: object, message: string) =>
    assertThrows(() => new RandomWarp(40, options), RangeError, message);
  refuse({ brightness: 1.5 }, "of brightness 1.5: expected a number from 0 to 1");
  refuse({ contrast: -1 }, "of contrast -1: expected a number from 0 to 1");
  refuse({ shear: 90 }, "of shear");
  refuse({ downscale: 2 }, "2");
});

Deno.test("RandomWarp repeats the edge beyond the image", () => {
  const image = { data: Uint8Array.of(10, 20), width: 2, height: 1 };
  // A pixel that covers four by four: the places are at -5.5, -1.5, 2.5, 6.5.
  const { data } = new RandomWarp([1, 4], { ...still, scale: [16, 16] })
    .apply(image, new Generator(1));
  assertEquals([...data], [10, 10, 20, 20]);
});

Deno.test("RandomWarp.getParams() is distributed as the recipe's augmentation", () => {
  const warp = new RandomWarp(40);
  const generator = new Generator(42);
  const draws = Array.from(
    { length: 20_000 },
    () => warp.getParams({ width: 48, height: 48 }, generator),
  );
  // Mean and deviation of two million draws of the recipe's augment() in PyTorch 1.13.
  const wanted: [number[], number, number, number, number][] = [
    [draws.map(({ scale }) => scale[0]), 0.97382, 0.0489, 0.8630, 1.0872],
    [draws.map(({ scale }) => scale[1]), 0.97384, 0.0489, 0.8630, 1.0872],
    [draws.map(({ scale: [x, y] }) => x / y), 1.00084, 0.04154, 0.9306, 1.0747],
    [draws.map(({ shift }) => shift[0]), 0, 0.15684, -0.3608, 0.3608],
    [draws.map(({ shift }) => Math.abs(shift[1])), 0.13431, 0.08099, 0, 0.3608],
    [draws.map(({ angle }) => angle), 0, 12 / Math.sqrt(3), -12, 12],
    [draws.map(({ mirrored }) => Number(mirrored)), 0.5, 0.5, 0, 1],
  ];
  for (const [values, mean, deviation, least, most] of wanted) {
    const actual = values.reduce((a, b) => a + b) / values.length;
    assertAlmostEquals(actual, mean, 5 * deviation / Math.sqrt(values.length));
    const square = values.reduce((sum, value) => sum + (value - actual) ** 2, 0) / values.length;
    assertAlmostEquals(Math.sqrt(square) / deviation, 1, 0.05);
    assert(Math.min(...values) >= least - 1e-3 && Math.max(...values) <= most + 1e-3);
  }
});

Deno.test("RandomWarp draws the same for the same seed, also when made again from JSON", () => {
  const warp = new RandomWarp(40, { degrees: [-5, 20] });
  const again = transformFromJSON<Image, Image>(JSON.parse(JSON.stringify(warp)));
  const image = grey(48, 48);
  const first = warp.apply(image, new Generator(7, 1));
  assertEquals(again.apply(image, new Generator(7, 1)), first);
  assert(warp.apply(image, new Generator(7, 2)).data.some((each, i) => each !== first.data[i]));
});

Deno.test({
  name: "RandomWarp gives grid_sample()'s levels, rounded (python)",
  ignore: python === undefined,
  fn: async () => {
    const options = { degrees: 180, scale: [0.1, 3], ratio: [0.5, 2], shift: 0.5 } as const;
    const cases = [
      ...[1, 2, 3, 4].map((seed) => ({ seed, edge: 48, warp: new RandomWarp(40) })),
      ...[5, 6].map((seed) => ({ seed, edge: 48, warp: new RandomWarp(48) })),
      ...[7, 8, 9, 10].map((seed) => ({ seed, edge: 31, warp: new RandomWarp(24, options) })),
      { seed: 11, edge: 1, warp: new RandomWarp(3, options) },
      ...[12, 13, 14].map((seed) => ({
        seed,
        edge: 48,
        warp: new RandomWarp(40, { ...options, shear: [-60, 60] }),
      })),
      ...[15, 16].map((seed) => ({
        seed,
        edge: 48,
        // Levels are rounded before light changes, too: by half a level times the slope.
        slack: 1.5,
        warp: new RandomWarp(40, { shear: 6, brightness: 0.5, contrast: 0.5 }),
      })),
    ];
    const lines = cases.map(({ seed, edge, warp }) => {
      const image = grey(edge, edge, seed);
      const params = warp.getParams(image, new Generator(seed));
      return JSON.stringify({ ...image, data: [...image.data], size: warp.size[0], ...params });
    });
    const script = new URL("warp_torch.py", import.meta.url).pathname;
    const torch = new Deno.Command(python ?? "", {
      args: [script],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const output = new Response(torch.stdout).text();
    await new Blob([lines.join("\n")]).stream().pipeTo(torch.stdin);
    const expected = (await output).trimEnd().split("\n").map((line): number[] => JSON.parse(line));
    assert((await torch.status).success);
    assertEquals(expected.length, cases.length);
    cases.forEach(({ seed, edge, warp, slack = 0 }: Case, k) => {
      const { data } = warp.apply(grey(edge, edge, seed), new Generator(seed));
      assertEquals(data.length, expected[k].length);
      data.forEach((level, i) => assertAlmostEquals(level, expected[k][i], 0.5 + slack + 1e-9));
    });
  },
});
