import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../src/data.ts";
import { inflate } from "../../src/data/inflate.ts";

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

/** A WebP file whose canvas has this size, whatever its picture has. */
function webpHeader(width: number, height: number): Uint8Array {
  const bytes = read("orientation_8.webp");
  for (let byte = 0; byte < 3; byte++) {
    bytes[24 + byte] = (width - 1) >> (8 * byte);
    bytes[27 + byte] = (height - 1) >> (8 * byte);
  }
  return bytes;
}

/** A lossless WebP file whose header gives this size. */
function losslessHeader(width: number, height: number): Uint8Array {
  const bytes = read("lossless.webp");
  new DataView(bytes.buffer).setUint32(21, (width - 1) | (height - 1) << 14, true);
  return bytes;
}

/** A CMYK file whose frame header has another marker. */
function cmykOf(marker: number): Uint8Array {
  const bytes = read("cmyk.jpg");
  return bytes.with(
    bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0) + 1,
    marker,
  );
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
    new TextEncoder().encode("hello"),
    TypeError,
    "expected JPEG, PNG or WebP, got bytes 68 65 6c 6c…",
  ],
  [
    "zeros alone",
    new Uint8Array(5000),
    TypeError,
    "it holds nothing but zeros: copying or downloading it may have failed",
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
    "a JPEG in YCCK that is cut in the middle",
    read("ycck_420.jpg").subarray(0, 700),
    TypeError,
    "Premature end of JPEG file",
  ],
  [
    "a JPEG in CMYK of arithmetic coding",
    cmykOf(0xc9),
    TypeError,
    "it is a JPEG with four components and arithmetic coding; save it as RGB",
  ],
  [
    "a WebP of 100 megapixels",
    webpHeader(10_000, 10_000),
    RangeError,
    "it has 100 megapixels (10000x10000), the limit is 50",
  ],
  [
    "a lossless WebP of 160 megapixels",
    losslessHeader(16_000, 10_000),
    RangeError,
    "it has 160 megapixels (16000x10000), the limit is 50",
  ],
  [
    "a WebP whose picture is not as large as its canvas",
    webpHeader(12, 12),
    TypeError,
    "its WebP data is damaged or cut off",
  ],
  [
    "a WebP that is cut in the middle",
    read("lossy.webp").subarray(0, 200),
    TypeError,
    "its WebP data is damaged or cut off",
  ],
  [
    "a moving WebP that is cut in its first picture",
    read("moving.webp").subarray(0, 120),
    TypeError,
    "its WebP data is damaged or cut off",
  ],
  [
    "a WebP that is cut in its header",
    read("lossy.webp").subarray(0, 20),
    TypeError,
    "its header is damaged or cut off",
  ],
];

for (const [what, bytes, type, message] of BAD) {
  Deno.test(`decodeImage() rejects ${what}`, async () => {
    const error = await assertRejects(() => decodeImage(bytes, { name: "face" }), type);
    assertEquals(error.message, `Cannot decode face: ${message}`);
  });
}

/** How files of other kinds begin, as their formats' descriptions have it. */
const OTHERS: ReadonlyArray<[name: string, beginning: string]> = [
  ["a GIF", "GIF89a\x18\0\x11\0\x87\0\0"],
  ["a BMP", "BM\xd6\x04\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x18\0\0\0"],
  ["a TIFF, or a camera's raw file", "II*\0\xd0\x04\0\0"],
  ["a TIFF, or a camera's raw file", "MM\0*\0\0\0\x08"],
  ["a HEIC", "\0\0\0\x24ftypheic\0\0\0\0mif1MiHEmiafMiHBheic"],
  ["a HEIC", "\0\0\0\x18ftypmif1\0\0\0\0mif1heic"],
  ["an AVIF", "\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"],
  ["an AVIF", "\0\0\0\x18ftypmif1\0\0\0\0mif1avif"],
  ["a JPEG XL", "\xff\x0a\x7f\x48"],
  ["a JPEG XL", "\0\0\0\x0cJXL \r\n\x87\n"],
  ["a JPEG 2000", "\0\0\0\x0cjP  \r\n\x87\n"],
  ["an icon (ICO)", "\0\0\x01\0\x01\0\x18\x11"],
  ["a PDF", "%PDF-1.7\n"],
  ["a Photoshop file", "8BPS\0\x01"],
  ["an SVG", '<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg">'],
  ["an SVG", "\xef\xbb\xbf  <svg width='4'>"],
  ["a web page", "\n<!DOCTYPE html>\n<html><head>"],
  ["a web page", "<HTML><BODY>404"],
  ["a web page", "\xff\xfe<\0h\0t\0m\0l\0>\0"],
  ["an MP4 or QuickTime video", "\0\0\0\x18ftypmp42\0\0\0\0isommp42"],
  ["a zip archive", "PK\x03\x04\x14\0"],
  ["a PNM (PBM, PGM, PPM or PAM)", "P5\n24 17\n255\n"],
  ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00"],
];

for (const [name, beginning] of OTHERS) {
  Deno.test(`decodeImage() calls ${name} by its name: ${JSON.stringify(beginning)}`, async () => {
    const bytes = Uint8Array.from(beginning, (letter) => letter.charCodeAt(0));
    const error = await assertRejects(() => decodeImage(bytes, { name: "face" }), TypeError);
    assertEquals(error.message.split(":")[0], "Cannot decode face");
    assertEquals(error.message.split(": ")[1], `it is ${name}, which is not read`);
  });
}

Deno.test("inflate() takes no more than it needs of data that would grow without end", async () => {
  const { deflateSync } = await import("node:zlib");
  const bomb = new Uint8Array(deflateSync(new Uint8Array(2 ** 26)));
  let taken = 0;
  const parts = function* (): Generator<Uint8Array> {
    for (; taken < bomb.length / 1024; taken++) {
      yield bomb.subarray(1024 * taken, 1024 * (taken + 1));
    }
  };
  assertEquals([...await inflate(parts(), 9)], [0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert(taken < 16, `took ${taken} of ${bomb.length / 1024} kB`);
});

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
    [good, cut, good, cmykOf(0xc9), good].map((bytes) => decodeImage(bytes)),
  );
  assertEquals(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"],
  );
});
