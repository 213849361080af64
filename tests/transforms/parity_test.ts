import { assert, assertEquals } from "@std/assert";
import {
  Generator,
  Grayscale,
  hflip,
  Normalize,
  RandomResizedCrop,
  Resize,
  resizedCrop,
  rotate,
  ToTensor,
} from "../../src/transforms.ts";
import { type FixtureCase, imageOf, parityFile, readCases, readTensors } from "./parity_fixture.ts";

const tensors = readTensors();

function result(test: FixtureCase): Uint8Array | Uint8ClampedArray | Float32Array {
  const image = imageOf(tensors.get(test.in));
  switch (test.op) {
    case "hflip":
      return hflip(image).data;
    case "rotate":
      return rotate(image, test.angle, test).data;
    case "resized_crop": {
      const { top, left, height, width, size, interpolation } = test;
      return resizedCrop(image, top, left, height, width, size, interpolation).data;
    }
    case "resize":
      return new Resize([test.size, test.size]).apply(image).data;
    case "grayscale":
      return new Grayscale().apply(image).data;
    case "to_tensor_normalize":
      return new Normalize(test.mean, test.std).apply(new ToTensor().apply(image)).data;
    default:
      throw new Error(`the fixture has an unknown operation ${test.op}`);
  }
}

for (const test of readCases()) {
  Deno.test(`transforms equal torchvision exactly on ${test.out.slice("out.".length)}`, () => {
    assertEquals(result(test), tensors.get(test.out)?.data);
  });
}

Deno.test("RandomResizedCrop.getParams() is distributed as torchvision's", () => {
  const expected = JSON.parse(Deno.readTextFileSync(parityFile("random_resized_crop.json")));
  const crop = new RandomResizedCrop(48, { scale: expected.scale, ratio: expected.ratio });
  const image = { data: new Uint8Array(48 * 48), width: 48, height: 48 };
  const generator = new Generator(42);
  const n: number = expected.samples;
  const draws = Array.from({ length: n }, () => crop.getParams(image, generator));
  for (let field = 0; field < 4; field++) {
    const values = draws.map((draw) => draw[field]);
    const mean = values.reduce((sum, value) => sum + value) / n;
    const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
    const wanted = expected.std_top_left_height_width[field];
    // Both means are of n draws: five deviations of their difference.
    const bound = 5 * wanted * Math.sqrt(2 / n);
    assert(Math.abs(mean - expected.mean_top_left_height_width[field]) < bound, `mean ${field}`);
    assert(Math.abs(std / wanted - 1) < 0.05, `deviation ${field}: ${std}, ${wanted}`);
  }
  const share = draws.filter(([, , height, width]) => height === 48 && width === 48).length / n;
  assert(Math.abs(share - expected.full_image_share) < 0.015, `whole images: ${share}`);
});
