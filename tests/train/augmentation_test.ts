import { assert, assertEquals } from "@std/assert";
import { Generator } from "../../src/random.ts";
import { augmentation } from "../../src/train/augmentation.ts";
import { trainingConfig } from "../../src/train/settings.ts";
import type { Image } from "../../src/transforms.ts";

const image: Image = {
  data: Uint8Array.from({ length: 48 * 48 }, (_, i) => i % 48),
  width: 48,
  height: 48,
};

Deno.test("augmentation() gives images of the size that trainCropSize names", () => {
  for (const augment of ["none", "standard", "strong", "warp"] as const) {
    for (const trainCropSize of [0, 40]) {
      const transform = augmentation(trainingConfig({ augment, trainCropSize }), 48);
      const out = transform?.apply(image, new Generator(1)) ?? image;
      assertEquals([out.width, out.height], trainCropSize ? [40, 40] : [48, 48]);
    }
  }
});

Deno.test("augmentation() takes the middle where images are not varied", () => {
  const transform = augmentation(trainingConfig({ augment: "none", trainCropSize: 40 }), 48);
  assertEquals(transform?.apply(image, new Generator(1)).data[0], 4);
});

Deno.test("augmentation() erases with the probability that is asked for", () => {
  const grey = (erasing: number) => {
    const transform = augmentation(trainingConfig({ augment: "none", erasing }), 48);
    let count = 0;
    for (let i = 0; i < 200; i++) {
      const { data } = transform?.apply(image, new Generator(i)) ?? image;
      count += Number(data.includes(128));
    }
    return count;
  };
  assertEquals([grey(0), grey(1)], [0, 200]);
  const half = grey(0.5);
  assert(half > 65 && half < 135); // five deviations of a binomial count
});

Deno.test("augmentation() leaves images alone where batches are learned by heart", () => {
  const config = trainingConfig({ overfitBatches: 1, erasing: 1, trainCropSize: 40 });
  assertEquals(augmentation(config, 48), undefined);
});
