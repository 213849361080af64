import { assert, assertEquals } from "@std/assert";
import { cutOut } from "../../src/recognizer/crop.ts";
import { Grayscale, resize } from "../../src/transforms.ts";
import { photograph } from "./photograph.ts";

const square = (x: number, y: number, size: number, rotation = 0) => ({ x, y, size, rotation });

/** 0, 1, 2, ... in a grey picture. */
const counting = (width: number, height: number) => ({
  data: Uint8Array.from({ length: width * height }, (_, i) => i),
  width,
  height,
});

Deno.test("cutOut() of the whole picture is the picture", () => {
  const image = counting(4, 4);
  assertEquals(cutOut(image, square(2, 2, 4), 4), image);
});

Deno.test("cutOut() takes a square of the picture", () => {
  assertEquals([...cutOut(counting(4, 4), square(3, 2, 2), 2).data], [6, 7, 10, 11]);
});

Deno.test("cutOut() turns clockwise: what was above the tilted head is above the crop", () => {
  // A picture whose right half is bright: turned by 90 degrees, up in the crop is right in it.
  const image = { data: Uint8Array.of(0, 0, 200, 200).map((v) => v), width: 4, height: 1 };
  const tall = { data: new Uint8Array(16).map((_, i) => image.data[i % 4]), width: 4, height: 4 };
  assertEquals(
    [...cutOut(tall, square(2, 2, 4, 90), 4).data],
    [200, 200, 200, 200, 200, 200, 200, 200, 0, 0, 0, 0, 0, 0, 0, 0],
  );
});

Deno.test("cutOut() goes on with the outermost pixels beyond the edges", () => {
  assertEquals([...cutOut(counting(2, 2), square(0, 0, 4), 4).data], [
    ...[0, 0, 0, 1],
    ...[0, 0, 0, 1],
    ...[0, 0, 0, 1],
    ...[2, 2, 2, 3],
  ]);
});

Deno.test("cutOut() averages what it shrinks: a checkerboard becomes grey", () => {
  const data = Uint8Array.from({ length: 64 }, (_, i) => ((i % 8 + (i >> 3)) % 2) * 200);
  const small = cutOut({ data, width: 8, height: 8 }, square(4, 4, 8), 2);
  assertEquals([...small.data], [100, 100, 100, 100]);
});

Deno.test("cutOut() of a colour picture is near to Pillow's grey, antialiased resize", () => {
  const crop = square(112, 58, 60);
  const ours = cutOut(photograph, crop, 48).data;
  const [left, top] = [112 - 30, 58 - 30];
  const data = new Uint8Array(60 * 60 * 4);
  for (let y = 0; y < 60; y++) {
    const from = 4 * ((top + y) * photograph.width + left);
    data.set(photograph.data.subarray(from, from + 240), 240 * y);
  }
  const theirs = resize(new Grayscale().apply({ data, width: 60, height: 60 }), 48, 48).data;
  let sum = 0;
  ours.forEach((level, i) => sum += Math.abs(level - theirs[i]));
  assert(sum / ours.length < 3, `off by ${sum / ours.length} of 255 on average`);
});

Deno.test("cutOut() ignores opacity", () => {
  const image = { data: Uint8Array.of(90, 90, 90, 0), width: 1, height: 1 };
  assertEquals([...cutOut(image, square(0.5, 0.5, 1), 2).data], [90, 90, 90, 90]);
});
