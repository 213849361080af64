/**
 * Images a second of each transform and of the recipe's training chain, on one core.
 *
 * In the first two groups an iteration is one image of 48x48, so that iter/s is images/s. The third
 * sets the chain beside torchvision's, where Python has it.
 */
// deno-lint-ignore-file no-console
import {
  CenterCrop,
  Compose,
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
  standardAugmentation,
  strongAugmentation,
  TenCrop,
  ToTensor,
  type Transform,
} from "../src/transforms.ts";
import { startTorchvision } from "./torchvision.ts";

const generator = new Generator(42);

function noise(size: number, channels = 1): Image {
  const data = Uint8Array.from({ length: size * size * channels }, () => generator.integer(256));
  return { data, width: size, height: size };
}

const images = Array.from({ length: 64 }, () => noise(48));
const large = Array.from({ length: 4 }, () => noise(224));
const colour = Array.from({ length: 4 }, () => noise(48, 3));
const floats = images.map((image) => new ToTensor().apply(image));

const bilinear = { interpolation: "bilinear" } as const;
const chain = new Compose([
  new RandomHorizontalFlip(),
  new RandomRotation(10),
  new RandomResizedCrop(48, { scale: [0.9, 1] }),
  new ToTensor(),
  new Normalize(0.5, 0.5),
]);

function bench<T>(
  name: string,
  group: string,
  transform: Transform<unknown, T>,
  inputs: readonly T[],
): void {
  let at = 0;
  Deno.bench({
    name,
    group,
    fn: () => {
      transform.apply(inputs[at++ % inputs.length], generator);
    },
  });
}

const each = "one transform: iter/s is images/s";
bench("RandomHorizontalFlip", each, new RandomHorizontalFlip(1), images);
bench("RandomRotation, nearest", each, new RandomRotation(10), images);
bench("RandomRotation, bilinear", each, new RandomRotation(10, bilinear), images);
bench(
  "RandomAffine, bilinear",
  each,
  new RandomAffine(10, { scale: [0.9, 1.1], ...bilinear }),
  images,
);
bench("RandomResizedCrop", each, new RandomResizedCrop(48, { scale: [0.9, 1] }), images);
bench("RandomWarp", each, new RandomWarp(40), images);
bench("Resize 224 to 48", each, new Resize(48), large);
bench("CenterCrop", each, new CenterCrop(40), images);
bench("TenCrop", each, new TenCrop(40), images);
bench("Grayscale", each, new Grayscale(), colour);
bench("RandomErasing", each, new RandomErasing(1), images);
bench("ToTensor", each, new ToTensor(), images);
bench<FloatImage>("Normalize", each, new Normalize(0.5, 0.5), floats);

const chains = "chains: iter/s is images/s";
bench("flip, rotation, crop, to tensor, normalize", chains, chain, images);
bench("standardAugmentation", chains, standardAugmentation(), images);
bench("strongAugmentation", chains, strongAugmentation(), images);

const torchvision = await startTorchvision();
const spent = { ours: { images: 0, ms: 0 }, theirs: { images: 0, ms: 0 } };
const besides = "the training chain on 64 images";

Deno.bench({
  name: "@fer/core",
  group: besides,
  baseline: true,
  fn: () => {
    const start = performance.now();
    for (const image of images) chain.apply(image, generator);
    spent.ours.ms += performance.now() - start;
    spent.ours.images += images.length;
  },
});

if (torchvision) {
  Deno.bench({
    name: `torchvision ${torchvision.version}`,
    group: besides,
    fn: async () => {
      const start = performance.now();
      await torchvision.run(images.length);
      spent.theirs.ms += performance.now() - start;
      spent.theirs.images += images.length;
    },
  });
}

globalThis.addEventListener("unload", () => {
  const rate = ({ images, ms }: { images: number; ms: number }) => images / ms * 1000;
  const show = (value: number) => Math.round(value).toLocaleString("en-US");
  if (spent.ours.images === 0) return;
  const ours = rate(spent.ours);
  let line = `training chain on one core: ${show(ours)} images/s`;
  if (torchvision && spent.theirs.images > 0) {
    const theirs = rate(spent.theirs);
    line += `, torchvision ${torchvision.version}: ${show(theirs)} images/s, ` +
      `ratio ${(ours / theirs).toFixed(1)}`;
  }
  console.error(line);
});
