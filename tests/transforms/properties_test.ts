import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  affine,
  CenterCrop,
  Compose,
  crop,
  FiveCrop,
  type FloatImage,
  Generator,
  Grayscale,
  hflip,
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
  vflip,
} from "../../src/transforms.ts";

const edge = fc.integer({ min: 1, max: 70 });
const seed = fc.nat();

/** Any image of 1 to 70 pixels an edge and 1, 3 or 4 channels. */
const image: fc.Arbitrary<Image> = fc.tuple(edge, edge, fc.constantFrom(1, 3, 4), seed).map(
  ([width, height, channels, seed]) => {
    const generator = new Generator(seed);
    const data = Uint8Array.from(
      { length: width * height * channels },
      () => generator.integer(256),
    );
    return { data, width, height };
  },
);
const interpolation = fc.constantFrom("nearest" as const, "bilinear" as const);
const interval = (min: number, max: number) =>
  fc.tuple(fc.double({ min, max, noNaN: true }), fc.double({ min, max, noNaN: true }))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

/** Any transform from an image of bytes to one of bytes. */
const transform: fc.Arbitrary<Transform> = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }).map((p) => new RandomHorizontalFlip(p)),
  fc.record({ degrees: interval(-400, 400), interpolation, expand: fc.boolean() })
    .map((options) => new RandomRotation(options)),
  fc.record({
    degrees: interval(-180, 180),
    translate: fc.constant([0.2, 0.1] as const),
    scale: interval(0.1, 3),
    shear: interval(-40, 40),
    interpolation,
  }).map((options) => new RandomAffine(options)),
  fc.record({
    size: fc.tuple(edge, edge),
    scale: interval(0, 1.5),
    ratio: interval(0.2, 5),
    interpolation,
  })
    .map((options) => new RandomResizedCrop(options)),
  fc.record({ size: fc.tuple(edge, edge), degrees: interval(-400, 400), scale: interval(0.1, 9) })
    .map((options) => new RandomWarp(options)),
  fc.record({ size: fc.tuple(edge, edge), interpolation }).map((options) => new Resize(options)),
  fc.tuple(edge, edge).map((size) => new CenterCrop(size)),
  fc.constantFrom(1 as const, 3 as const).map((channels) => new Grayscale(channels)),
  fc.record({
    p: fc.constant(1),
    scale: interval(0, 1),
    value: fc.constantFrom(0, 255, "random" as const),
  })
    .map((options) => new RandomErasing(options)),
  fc.constant(standardAugmentation()),
  fc.constant(strongAugmentation()),
);

Deno.test("hflip() and vflip() twice give the image back", () => {
  fc.assert(fc.property(image, (image) => {
    assertEquals(hflip(hflip(image)), image);
    assertEquals(vflip(vflip(image)), image);
  }));
});

Deno.test("rotate() by whole turns gives the image back", () => {
  fc.assert(
    fc.property(image, interpolation, fc.integer({ min: -3, max: 3 }), (image, mode, turns) => {
      assertEquals(rotate(image, 360 * turns, { interpolation: mode }), image);
    }),
  );
});

Deno.test("rotate() by four quarters gives the image back", () => {
  fc.assert(fc.property(image, (image) => {
    let turned = image;
    for (let i = 0; i < 4; i++) turned = rotate(turned, 90, { expand: true });
    assertEquals(turned, image);
    assertEquals(rotate(rotate(image, 180), 180), image);
  }));
});

Deno.test("rotate() with expand keeps every pixel's level inside", () => {
  fc.assert(fc.property(image, fc.double({ min: -360, max: 360, noNaN: true }), (image, angle) => {
    const { width, height } = rotate(image, angle, { expand: true });
    const diagonal = Math.hypot(image.width, image.height);
    assert(width <= diagonal + 2 && height <= diagonal + 2);
    assert(width * height >= image.width * image.height - 1);
  }));
});

Deno.test("affine() without options gives the image back", () => {
  fc.assert(fc.property(image, (image) => assertEquals(affine(image), image)));
});

Deno.test("crops of the whole image give it back", () => {
  fc.assert(fc.property(image, interpolation, (image, mode) => {
    const { width, height } = image;
    assertEquals(crop(image, 0, 0, height, width), image);
    assertEquals(resizedCrop(image, 0, 0, height, width, [height, width], mode), image);
    assertEquals(new CenterCrop([height, width]).apply(image), image);
    assertEquals(new Resize(Math.min(width, height)).apply(image), image);
    assertEquals(new FiveCrop([height, width]).apply(image), new Array(5).fill(image));
    const whole = new RandomResizedCrop([height, width], { scale: [2, 2] });
    const { data } = whole.apply(image, new Generator(0));
    if (width * 4 <= height * 5 && height * 4 <= width * 5) assertEquals(data, image.data);
  }));
});

Deno.test("TenCrop gives FiveCrop of the image and of its mirror image", () => {
  fc.assert(fc.property(image, (image) => {
    const size = Math.min(image.width, image.height);
    const five = new FiveCrop(size);
    const expected = [...five.apply(image), ...five.apply(hflip(image))];
    assertEquals(new TenCrop(size).apply(image), expected);
  }));
});

Deno.test("every transform leaves its input as it is and gives a whole image", () => {
  fc.assert(fc.property(transform, image, seed, (transform, image, seed) => {
    const before = image.data.slice();
    const { data, width, height } = transform.apply(image, new Generator(seed));
    assertEquals(image.data, before);
    assert([1, 3, 4].includes(data.length / (width * height)));
  }));
});

Deno.test("every transform gives the same for a generator in the same state", () => {
  fc.assert(fc.property(transform, image, seed, (transform, image, seed) => {
    const first = transform.apply(image, new Generator(seed, 1));
    assertEquals(transform.apply(image, new Generator(seed, 1)), first);
  }));
});

Deno.test("every transform comes back from JSON and does the same", () => {
  fc.assert(fc.property(transform, image, seed, (transform, image, seed) => {
    const text = JSON.stringify(transform);
    const again = transformFromJSON<Image, Image>(JSON.parse(text));
    assertEquals(JSON.stringify(again), text);
    assertEquals(again.constructor, transform.constructor);
    assertEquals(
      again.apply(image, new Generator(seed)),
      transform.apply(image, new Generator(seed)),
    );
  }));
});

Deno.test("bilinear operations keep flat images flat and stay within the image's levels", () => {
  fc.assert(fc.property(edge, edge, edge, edge, fc.nat(255), (width, height, w, h, level) => {
    const flat = { data: new Uint8Array(width * height).fill(level), width, height };
    assertEquals(new Set(new Resize([h, w]).apply(flat).data), new Set([level]));
    const turned = rotate(flat, 33, { interpolation: "bilinear", fill: level });
    assertEquals(new Set(turned.data), new Set([level]));
  }));
  fc.assert(fc.property(image, edge, edge, (image, width, height) => {
    const grey = new Grayscale().apply(image);
    const resized = new Resize([height, width]).apply(grey).data;
    const low = Math.min(...grey.data);
    const high = Math.max(...grey.data);
    assert(resized.every((level) => level >= low && level <= high));
  }));
});

Deno.test("ToTensor gives 0 to 1 and Normalize(0.5, 0.5) gives -1 to 1, one plane a channel", () => {
  const chain = new Compose([new ToTensor(), new Normalize(0.5, 0.5)]);
  fc.assert(fc.property(image, (image) => {
    const channels = image.data.length / (image.width * image.height);
    const floats: FloatImage = new ToTensor().apply(image);
    const area = image.width * image.height;
    assertEquals(floats.channels, channels);
    image.data.forEach((level, i) => {
      const at = (i % channels) * area + Math.floor(i / channels);
      if (floats.data[at] !== Math.fround(level / 255)) assertEquals(floats.data[at], level / 255);
    });
    const { data } = chain.apply(image, new Generator(0));
    assert(data.every((value) => value >= -1 && value <= 1));
  }));
});
