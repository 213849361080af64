import { assertEquals } from "@std/assert";
import {
  affine,
  CenterCrop,
  crop,
  FiveCrop,
  Grayscale,
  hflip,
  type Image,
  Resize,
  resizedCrop,
  rotate,
  TenCrop,
  vflip,
} from "../../src/transforms.ts";
import { decodeBase64, findTorchvision } from "./python.ts";

interface PackedImage {
  readonly width: number;
  readonly height: number;
  readonly data: string;
}

const python = findTorchvision();

/** Random cases; another seed makes others. */
const seed = Number(Deno.env.get("FER_CASES_SEED") ?? 1);

function unpack({ width, height, data }: PackedImage): Image {
  return { width, height, data: decodeBase64(data) };
}

// deno-lint-ignore no-explicit-any
function applied(op: string, image: Image, args: any): Image[] {
  switch (op) {
    case "rotate":
      return [rotate(image, args.angle, args)];
    case "affine":
      return [affine(image, args)];
    case "resized_crop": {
      const { top, left, height, width, size, interpolation } = args;
      return [resizedCrop(image, top, left, height, width, size, interpolation)];
    }
    case "resize":
      return [new Resize(args).apply(image)];
    case "center_crop":
      return [new CenterCrop(args).apply(image)];
    case "crop":
      return [crop(image, args.top, args.left, args.height, args.width)];
    case "five_crop":
      return new FiveCrop(args).apply(image);
    case "ten_crop":
      return new TenCrop(args).apply(image);
    case "grayscale":
      return [new Grayscale(args).apply(image)];
    default:
      return [hflip(image), vflip(image)];
  }
}

Deno.test({
  name: "transforms equal torchvision byte for byte on random sizes, channels and options (python)",
  ignore: python === undefined,
  async fn(t) {
    if (python === undefined) return;
    const script = new URL("make_cases.py", import.meta.url).pathname;
    const { stdout, success } = await new Deno.Command(python, {
      args: [script, String(seed), "1500"],
    }).output();
    assertEquals(success, true);
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    for (const op of new Set(lines.map((line) => JSON.parse(line).op as string))) {
      await t.step(`${op}, seed ${seed}`, () => {
        for (const line of lines) {
          const test = JSON.parse(line);
          if (test.op !== op) continue;
          const image = unpack(test.in);
          const label = JSON.stringify({ ...test.args, image: [image.width, image.height] });
          const actual = applied(op, image, test.args);
          const expected: Image[] = test.out.map(unpack);
          assertEquals(actual.length, expected.length, label);
          actual.forEach((each, i) => {
            assertEquals([each.width, each.height], [expected[i].width, expected[i].height], label);
            const at = each.data.findIndex((level, at) => level !== expected[i].data[at]);
            assertEquals(at, -1, `${label} differs at ${at}`);
          });
        }
      });
    }
  },
});
