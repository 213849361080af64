import { assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../src/data.ts";

const IMAGES = new URL("images/", import.meta.url);
const EXPECTED: Record<string, { width: number; height: number; rgb: string }> = JSON.parse(
  Deno.readTextFileSync(new URL("expected.json", IMAGES)),
);

function read(name: string): Uint8Array {
  return Deno.readFileSync(new URL(name, IMAGES));
}

/** A PNG file's first bytes, for an image of this size. */
function pngHeader(width: number, height: number): Uint8Array {
  const bytes = read("colour.png");
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

/** A JPEG file whose frame header gives this size. */
function jpegHeader(width: number, height: number): Uint8Array {
  const bytes = read("colour_444.jpg");
  const frame = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
  const view = new DataView(bytes.buffer);
  view.setUint16(frame + 5, height);
  view.setUint16(frame + 7, width);
  return bytes;
}

/** The colours of pixels of 1, 3 or 4 samples. */
function toRgb(data: Uint8Array | Uint8ClampedArray, pixels: number): number[] {
  const channels = data.length / pixels;
  const rgb: number[] = [];
  for (let i = 0; i < data.length; i += channels) {
    rgb.push(...channels === 1 ? [data[i], data[i], data[i]] : data.subarray(i, i + 3));
  }
  return rgb;
}

for (const [name, { width, height, rgb }] of Object.entries(EXPECTED)) {
  Deno.test(`decodeImage() gives Pillow's bytes for ${name}`, async () => {
    const image = await decodeImage(read(name));
    assertEquals([image.width, image.height], [width, height]);
    assertEquals(toRgb(image.data, width * height), [...Uint8Array.fromBase64(rgb)]);
    assertEquals(image.data.length === width * height, name.startsWith("grey"));
  });
}

Deno.test("decodeImage() takes the high byte of 16-bit samples", async () => {
  const { encode } = await import("fast-png");
  const png = encode({
    width: 2,
    height: 1,
    data: Uint16Array.of(0x12ff, 0xfe01),
    depth: 16,
    channels: 1,
  });
  assertEquals([...(await decodeImage(png)).data], [0x12, 0xfe]);
});

Deno.test("decodeImage() decodes many images at once", async () => {
  const names = Object.keys(EXPECTED);
  const images = await Promise.all(names.map((name) => decodeImage(read(name))));
  assertEquals(images.map(({ width }) => width), names.map((name) => EXPECTED[name].width));
});

Deno.test("decodeImage() leaves the global scope and its input as they are", async () => {
  const bytes = read("colour_420.jpg");
  await decodeImage(bytes);
  assertEquals(globalThis.location, undefined);
  assertEquals(bytes, read("colour_420.jpg"));
});

const BAD: ReadonlyArray<[string, Uint8Array, ErrorConstructor, string]> = [
  ["an empty file", new Uint8Array(), TypeError, "the file is empty"],
  [
    "what is not an image",
    new TextEncoder().encode("<html>"),
    TypeError,
    "it is a web page (HTML), expected JPEG or PNG",
  ],
  [
    "another format",
    new TextEncoder().encode("GIF89a"),
    TypeError,
    "it is GIF, expected JPEG or PNG",
  ],
  [
    "a PNG of 100 megapixels",
    pngHeader(10_000, 10_000),
    RangeError,
    "it has 100 megapixels (10000x10000), the limit is 50",
  ],
  [
    "a JPEG of 100 megapixels",
    jpegHeader(20_000, 5000),
    RangeError,
    "it has 100 megapixels (20000x5000), the limit is 50",
  ],
  ["a PNG without pixels", pngHeader(0, 7), RangeError, "it has no pixels (0x7)"],
  ["a JPEG without pixels", jpegHeader(7, 0), RangeError, "it has no pixels (7x0)"],
  [
    "a JPEG that is cut in the middle",
    read("colour_444.jpg").subarray(0, 700),
    TypeError,
    "Premature end of JPEG file",
  ],
  [
    "a JPEG that is cut in its header",
    read("colour_444.jpg").subarray(0, 100),
    TypeError,
    "its header is damaged or cut off",
  ],
  [
    "a PNG that is cut in the middle",
    read("colour.png").subarray(0, 500),
    TypeError,
    "its PNG data is damaged or cut off",
  ],
  [
    "a PNG with a changed byte",
    read("colour.png").with(300, 0),
    TypeError,
    "its PNG data is damaged or cut off",
  ],
  [
    "a JPEG in CMYK",
    read("cmyk.jpg"),
    TypeError,
    "it is CMYK, which cannot be read: save it as RGB",
  ],
];

for (const [what, bytes, type, message] of BAD) {
  Deno.test(`decodeImage() rejects ${what}`, async () => {
    const error = await assertRejects(() => decodeImage(bytes, { name: "face" }), type);
    assertEquals(error.message, `Cannot decode face: ${message}`);
  });
}

Deno.test("decodeImage() takes a limit in megapixels", async () => {
  await assertRejects(
    () => decodeImage(read("grey.png"), { maxMegapixels: 0.0001 }),
    RangeError,
    "the limit is 0.0001",
  );
});

Deno.test("decodeImage() goes on after damaged images, also in between", async () => {
  const good = read("colour_420.jpg");
  const cut = good.subarray(0, 700);
  const results = await Promise.allSettled(
    [good, cut, good, read("cmyk.jpg"), good].map((bytes) => decodeImage(bytes)),
  );
  assertEquals(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"],
  );
});
