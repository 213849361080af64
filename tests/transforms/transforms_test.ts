import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  CenterCrop,
  Compose,
  crop,
  FiveCrop,
  type FloatImage,
  Generator,
  Grayscale,
  type Image,
  Normalize,
  RandomAffine,
  RandomErasing,
  RandomHorizontalFlip,
  RandomResizedCrop,
  RandomRotation,
  RandomWarp,
  Resize,
  resizedCrop,
  rotate,
  standardAugmentation,
  strongAugmentation,
  TenCrop,
  ToTensor,
  type Transform,
  transformFromJSON,
  warpAugmentation,
} from "../../src/transforms.ts";

const generator = new Generator(42);

/** An image of one row for each array. */
function grey(...rows: number[][]): Image {
  return { data: Uint8Array.from(rows.flat()), width: rows[0].length, height: rows.length };
}

const face: Image = {
  data: Uint8Array.from({ length: 48 * 48 }, (_, i) => i % 251 + 1),
  width: 48,
  height: 48,
};

function meanAndDeviation(values: readonly number[]): [mean: number, std: number] {
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return [mean, Math.sqrt(square)];
}

/** Whether n draws have torchvision's mean and deviation, themselves of 20,000 draws. */
function assertDistributed(values: readonly number[], mean: number, std: number): void {
  const [actualMean, actualStd] = meanAndDeviation(values);
  const bound = 5 * std * Math.sqrt(1 / values.length + 1 / 20000);
  assert(Math.abs(actualMean - mean) < bound, `mean ${actualMean}, torchvision's ${mean}`);
  assert(Math.abs(actualStd / std - 1) < 0.05, `deviation ${actualStd}, torchvision's ${std}`);
}

Deno.test("RandomHorizontalFlip flips half of the images", () => {
  const flip = new RandomHorizontalFlip();
  const image = grey([1, 2]);
  let flipped = 0;
  for (let i = 0; i < 4000; i++) flipped += Number(flip.apply(image, generator).data[0] === 2);
  // A binomial count of 4000 draws at 1/2 has a deviation of 32.
  assert(Math.abs(flipped - 2000) < 5 * 32, String(flipped));
});

Deno.test("RandomHorizontalFlip of p 0 gives the same image, of p 1 its mirror image", () => {
  const image = grey([1, 2, 3], [4, 5, 6]);
  assertStrictEquals(new RandomHorizontalFlip(0).apply(image, generator), image);
  const mirrored = new RandomHorizontalFlip({ p: 1 }).apply(image, generator);
  assertEquals(mirrored, grey([3, 2, 1], [6, 5, 4]));
});

Deno.test("RandomRotation takes one number as a range to both sides", () => {
  assertEquals(new RandomRotation(10).degrees, [-10, 10]);
  assertEquals(new RandomRotation([5, 20]).degrees, [5, 20]);
  assertEquals(new RandomRotation(10, { fill: 7 }).fill, 7);
  const quarter = new RandomRotation([90, 90]);
  assertEquals(quarter.apply(grey([1, 2], [3, 4]), generator), grey([2, 4], [1, 3]));
});

Deno.test("rotate() fills what lies outside, one level a channel", () => {
  const image = { data: new Uint8Array(3 * 16).fill(9), width: 4, height: 4 };
  const { data } = rotate(image, 45, { fill: [1, 2, 3] });
  assertEquals([...data.subarray(0, 3)], [1, 2, 3]);
  assertThrows(() => rotate(image, 45, { fill: [1, 2] }), TypeError, "3 channels: got 2 values");
});

Deno.test("RandomAffine.getParams() is distributed as torchvision's", () => {
  const transform = new RandomAffine(15, {
    translate: [0.1, 0.2],
    scale: [0.8, 1.2],
    shear: 5,
  });
  const draws = Array.from(
    { length: 20000 },
    () => transform.getParams({ width: 48, height: 40 }, generator),
  );
  // torchvision 0.14.1, RandomAffine.get_params, 20,000 draws of seed 42.
  assertDistributed(draws.map(({ angle = 0 }) => angle), -0.0103, 8.6737);
  assertDistributed(draws.map(({ translate = [0, 0] }) => translate[0]), -0.0041, 2.813);
  assertDistributed(draws.map(({ translate = [0, 0] }) => translate[1]), 0.0762, 4.6402);
  assertDistributed(draws.map(({ scale = 1 }) => scale), 0.9994, 0.1153);
  assertDistributed(draws.map(({ shear = [0, 0] }) => shear[0]), 0.0058, 2.8871);
});

Deno.test("RandomResizedCrop takes the middle when no draw fits, as torchvision does", () => {
  const transform = new RandomResizedCrop(4, { scale: [2, 3] });
  // torchvision 0.14.1, RandomResizedCrop.get_params with scale (2, 3).
  for (
    const [width, height, expected] of [
      [100, 10, [0, 43, 10, 13]],
      [10, 100, [43, 0, 13, 10]],
      [7, 1, [0, 3, 1, 1]],
      [48, 48, [0, 0, 48, 48]],
    ] as const
  ) {
    const image = { data: new Uint8Array(width * height), width, height };
    assertEquals(transform.getParams(image, generator), [...expected]);
  }
});

Deno.test("Resize makes the shorter edge of the given length", () => {
  const size = (resize: Resize, width: number, height: number) => {
    const out = resize.apply({ data: new Uint8Array(width * height), width, height });
    return [out.width, out.height];
  };
  assertEquals(size(new Resize(48), 100, 70), [68, 48]);
  assertEquals(size(new Resize(48), 70, 100), [48, 68]);
  assertEquals(size(new Resize([30, 20]), 100, 70), [20, 30]);
  assertEquals(size(new Resize(48, { maxSize: 60 }), 100, 70), [60, 42]);
});

Deno.test("Resize of one pixel gives that level everywhere", () => {
  assertEquals(new Resize(3).apply(grey([77])), grey([77, 77, 77], [77, 77, 77], [77, 77, 77]));
});

Deno.test("CenterCrop pads a smaller image with black, the odd pixel after it", () => {
  const padded = new CenterCrop([2, 4]).apply(grey([5]));
  assertEquals(padded, grey([0, 5, 0, 0], [0, 0, 0, 0]));
});

Deno.test("CenterCrop rounds half a pixel to the even place, as Python does", () => {
  assertEquals(new CenterCrop([1, 2]).apply(grey([1, 2, 3])), grey([1, 2]));
  assertEquals(new CenterCrop([1, 2]).apply(grey([1, 2, 3, 4, 5])), grey([3, 4]));
});

Deno.test("FiveCrop gives the corners from top left and the middle, TenCrop the mirror's too", () => {
  const image = grey([1, 2, 3], [4, 5, 6], [7, 8, 9]);
  const first = (images: Image[]) => images.map(({ data }) => data[0]);
  assertEquals(first(new FiveCrop(1).apply(image)), [1, 3, 7, 9, 5]);
  assertEquals(first(new TenCrop(1).apply(image)), [1, 3, 7, 9, 5, 3, 1, 9, 7, 5]);
  const vertical = new TenCrop(1, { verticalFlip: true });
  assertEquals(first(vertical.apply(image)), [1, 3, 7, 9, 5, 7, 9, 1, 3, 5]);
  assertThrows(
    () => new FiveCrop(4).apply(image),
    RangeError,
    "FiveCrop of 4x4 to an image of 3x3",
  );
});

Deno.test("Grayscale weighs red, green and blue as Pillow does", () => {
  const colours = { data: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255), width: 3, height: 1 };
  assertEquals(new Grayscale().apply(colours), grey([76, 150, 29]));
  const three = new Grayscale(3).apply(colours);
  assertEquals([...three.data], [76, 76, 76, 150, 150, 150, 29, 29, 29]);
});

Deno.test("RandomErasing.getParams() is distributed as torchvision's", () => {
  const transform = new RandomErasing();
  const draws = Array.from({ length: 20000 }, () => {
    const area = transform.getParams(face, generator);
    assert(area);
    return area;
  });
  // torchvision 0.14.1, RandomErasing.get_params on 48x48, 20,000 draws of seed 42.
  const expected = [[13.87755, 9.8328], [13.8144, 9.8453], [20.4031, 9.3184], [20.5018, 9.4217]];
  expected.forEach(([mean, std], field) =>
    assertDistributed(draws.map((draw) => draw[field]), mean, std)
  );
});

Deno.test("RandomErasing erases one rectangle of half of the images", () => {
  const transform = new RandomErasing();
  let erased = 0;
  for (let i = 0; i < 1000; i++) {
    const out = transform.apply(face, generator);
    if (out === face) continue;
    erased++;
    const columns = new Set<number>();
    const rows = new Set<number>();
    let black = 0;
    out.data.forEach((level, at) => {
      if (level !== 0) return assertEquals(level, face.data[at]);
      black++;
      columns.add(at % 48);
      rows.add(Math.floor(at / 48));
    });
    assertEquals(black, columns.size * rows.size);
    assert(black > 0.01 * 48 * 48 && black < 0.35 * 48 * 48);
  }
  assert(Math.abs(erased - 500) < 5 * 16, String(erased));
});

Deno.test("RandomErasing fills with a level, with one a channel or with noise", () => {
  const rgb = { data: new Uint8Array(3 * 100).fill(9), width: 10, height: 10 };
  const { data } = new RandomErasing(1, { value: [1, 2, 3], scale: [0.2, 0.3] }).apply(
    rgb,
    generator,
  );
  const pixels = new Set<string>();
  for (let i = 0; i < data.length; i += 3) pixels.add(data.subarray(i, i + 3).join());
  assertEquals(pixels, new Set(["9,9,9", "1,2,3"]));
  const noise = new RandomErasing(1, { value: "random" }).apply(face, generator);
  assert(noise.data.some((level, at) => level !== face.data[at]));
});

Deno.test("RandomErasing works on images of floats and draws normal noise there", () => {
  const transform = new RandomErasing<FloatImage>(1, { value: "random", scale: [0.33, 0.33] });
  const image = { data: new Float32Array(3 * 48 * 48).fill(9), width: 48, height: 48, channels: 3 };
  const out = transform.apply(image, generator);
  assertEquals(out.channels, 3);
  const changed = out.data.filter((value) => value !== 9);
  const [mean, std] = meanAndDeviation([...changed]);
  assert(Math.abs(mean) < 0.15 && Math.abs(std - 1) < 0.1, `${mean}, ${std}`);
  assertEquals(image.data.every((value) => value === 9), true);
});

Deno.test("Compose applies its transforms in order", () => {
  const image = grey([1, 2, 3], [4, 5, 6]);
  const chain = new Compose([new RandomHorizontalFlip(1), new CenterCrop([1, 1])]);
  assertEquals(chain.apply(grey([1, 2, 3]), generator), grey([2]));
  assertStrictEquals(new Compose<Image, Image>([]).apply(image, generator), image);
  const floats: FloatImage = new Compose([chain, new ToTensor()]).apply(image, generator);
  assertEquals(floats.width, 1);
});

Deno.test("Compose runs transforms of the user's own", () => {
  const invert: Transform = {
    apply: ({ data, width, height }) => ({ data: data.map((level) => 255 - level), width, height }),
    toJSON: () => ({ name: "Invert" }),
  };
  const chain = new Compose([invert, new RandomHorizontalFlip(1)]);
  assertEquals(chain.apply(grey([0, 5]), generator), grey([250, 255]));
  assertThrows(
    () => transformFromJSON(chain.toJSON()),
    TypeError,
    'Cannot make a transform of "Invert": expected one of CenterCrop, Compose,',
  );
});

Deno.test("transformFromJSON() makes every kind of transform again", () => {
  const transforms = [
    new CenterCrop([3, 4]),
    new FiveCrop(3),
    new TenCrop(3, { verticalFlip: true }),
    new Grayscale(3),
    new Normalize([0.1, 0.2, 0.3], 0.5),
    new RandomAffine(5, { translate: [0, 0.5], shear: [1, 2], fill: [1, 2, 3] }),
    new RandomErasing({ p: 0.3, value: "random" }),
    new RandomHorizontalFlip(0.25),
    new RandomResizedCrop(48, { scale: [0.9, 1], interpolation: "nearest" }),
    new RandomRotation(10, { expand: true, center: [3, 4], interpolation: "bilinear" }),
    new RandomWarp(40, { flip: 0.25, degrees: [1, 2], scale: [0.5, 1], shift: 0 }),
    new Resize(48, { maxSize: 60 }),
    new ToTensor(),
    standardAugmentation(),
    strongAugmentation(40),
    warpAugmentation(40),
  ];
  for (const transform of transforms) {
    const again = transformFromJSON(JSON.parse(JSON.stringify(transform)));
    assertEquals(again, transform);
    assertEquals(again.constructor, transform.constructor);
  }
});

Deno.test("transformFromJSON() refuses what is no transform", () => {
  for (const config of [{ name: "Blur" }, { name: "constructor" }, {}, null, "ToTensor"]) {
    assertThrows(
      () => transformFromJSON(config as { name: string }),
      TypeError,
      "Cannot make a transform of",
    );
  }
  assertThrows(() => transformFromJSON({ name: "Compose" }), TypeError, "an array of transforms");
  assertThrows(() => transformFromJSON({ name: "RandomRotation" }), RangeError, "degrees");
});

Deno.test("constructors refuse options out of range, naming the value", () => {
  const reversed = [1, 0.5] as const;
  const cases: Array<[() => unknown, string]> = [
    [() => new RandomHorizontalFlip(1.5), "RandomHorizontalFlip of p 1.5"],
    [() => new RandomHorizontalFlip(NaN), "p NaN"],
    [() => new RandomErasing(-0.1), "RandomErasing of p -0.1"],
    [() => new RandomErasing(0.5, { scale: [0.1, 1.5] }), "scale [0.1, 1.5]"],
    [() => new RandomErasing(0.5, { ratio: [0, 1] }), "ratio [0, 1]"],
    [() => new RandomErasing(0.5, { value: NaN }), "value NaN"],
    [() => new RandomResizedCrop(0), "RandomResizedCrop of size 0"],
    [() => new RandomResizedCrop(48.5), "size 48.5"],
    [() => new RandomResizedCrop([48, -1]), "size [48, -1]"],
    [() => new RandomResizedCrop(48, { scale: reversed }), "scale [1, 0.5]"],
    [() => new RandomResizedCrop(48, { ratio: reversed }), "ratio [1, 0.5]"],
    [() => new RandomRotation(-1), "RandomRotation of degrees -1"],
    [() => new RandomRotation([10, -10]), "degrees [10, -10]"],
    [() => new RandomRotation(NaN), "degrees NaN"],
    [() => new RandomRotation(1, { fill: 256 }), "fill 256"],
    [() => new RandomRotation(1, { interpolation: "cubic" as "nearest" }), '"cubic"'],
    [() => new RandomAffine(1, { translate: [0.1, 2] }), "translate [0.1, 2]"],
    [() => new RandomAffine(1, { scale: [0, 1] }), "scale [0, 1]"],
    [() => new RandomWarp(0), "RandomWarp of size 0"],
    [() => new RandomWarp(40, { flip: 2 }), "RandomWarp of p 2"],
    [() => new RandomWarp(40, { degrees: -1 }), "RandomWarp of degrees -1"],
    [() => new RandomWarp(40, { scale: [0, 1] }), "scale [0, 1]"],
    [() => new RandomWarp(40, { ratio: reversed }), "ratio [1, 0.5]"],
    [() => new RandomWarp(40, { shift: -0.1 }), "RandomWarp of shift -0.1"],
    [() => new Resize(0), "Resize of size 0"],
    [() => new Resize(100_000), "size 100000"],
    [() => new Resize(48, { maxSize: 48 }), "maxSize 48"],
    [() => new CenterCrop(0), "CenterCrop of size 0"],
    [() => new FiveCrop(-3), "FiveCrop of size -3"],
    [() => new TenCrop([1, 2, 3] as unknown as [number, number]), "TenCrop of size [1, 2, 3]"],
    [() => new Grayscale(2 as 1), "numOutputChannels 2"],
    [() => new Normalize(0.5, 0), "std 0"],
    [() => new Normalize(NaN, 1), "mean NaN"],
    [() => new Normalize(0.5), "std undefined"],
    [() => rotate(face, Infinity), "Infinity degrees"],
    [() => crop(face, 0, 0, 0, 3), "crop 3x0"],
    [() => resizedCrop(face, 0, 10, 48, 48, 48), "the image has 48x48"],
  ];
  for (const [make, message] of cases) assertThrows(make, RangeError, message);
});

Deno.test("transforms refuse what is no image of bytes", () => {
  const floats = new ToTensor().apply(face) as unknown as Image;
  const short = { data: new Uint8Array(7), width: 2, height: 2 };
  const empty = { data: new Uint8Array(0), width: 0, height: 0 };
  const transforms: Transform[] = [
    new RandomHorizontalFlip(1),
    new RandomRotation(10),
    new RandomAffine(10),
    new RandomResizedCrop(48),
    new RandomWarp(48),
    new Resize(48),
    new CenterCrop(48),
    new Grayscale(),
    new ToTensor() as unknown as Transform,
    new FiveCrop(1) as unknown as Transform,
  ];
  for (const transform of transforms) {
    for (const image of [floats, short, empty]) {
      assertThrows(() => transform.apply(image, generator), TypeError, "Cannot read an image");
    }
  }
  const bytes = face as unknown as FloatImage;
  assertThrows(() => new Normalize(0.5, 0.5).apply(bytes), TypeError, "ToTensor");
  const grey = new ToTensor().apply(face);
  assertThrows(() => new Normalize([0, 0, 0], 1).apply(grey), TypeError, "1 channels: got 3");
});

Deno.test("augmentations give the size that is asked for", () => {
  for (const preset of [standardAugmentation, strongAugmentation, warpAugmentation]) {
    assertEquals(preset().apply(face, generator).data.length, 48 * 48);
    const { width, height } = preset([32, 40]).apply(face, generator);
    assertEquals([width, height], [40, 32]);
  }
});
