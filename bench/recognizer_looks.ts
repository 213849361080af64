/**
 * `deno run -A bench/recognizer_looks.ts`: how many faces the detector finds in photographs, by how
 * small a face it is to look for, and how large faces are beside the picture where it begins to find
 * them.
 *
 * The photographs are the six of groups in `@vladmandic/face-api`, which is fetched, and the tests'
 * portrait; in them are 23 faces.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { print, runProgram } from "../cli/program.ts";
import { useWebGpu } from "../src/backend.ts";
import { decodeImage } from "../src/data.ts";
import { detectFaces } from "../src/recognizer/detector.ts";
import { looksAt } from "../src/recognizer/looks.ts";
import type { Image } from "../src/transforms.ts";
import { packageFolder } from "./peers/optional.ts";
import { loadDetector } from "./recognizer/detector.ts";
import { number, tableLines } from "./table.ts";

const COMMAND = {
  name: "bench/recognizer_looks",
  about: "Count the faces found in photographs, and the looks that it takes.",
  flags: { markdown: { kind: "boolean", about: "Print tables in Markdown" } },
  examples: ["deno run -A bench/recognizer_looks.ts"],
} as const satisfies Command;

/** How many faces are in each photograph. */
const FACES = [1, 3, 3, 3, 4, 5, 4];
/** The smallest faces to look for, in pixels; the first takes a single look. */
const SIZES = [350, 240, 170, 120, 80];
/** What part of a black square's side a photograph's longer edge takes. */
const PARTS = [1, 0.9, 0.8, 0.7, 0.6, 0.5];

/** A photograph in the middle of a black square. */
function inSquare({ data, width, height }: Image, part: number): Image {
  const side = Math.round(Math.max(width, height) / part);
  const channels = data.length / (width * height);
  const square = new Uint8Array(side * side * channels);
  const [left, top] = [(side - width) >> 1, (side - height) >> 1];
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width * channels, (y + 1) * width * channels);
    square.set(row, ((top + y) * side + left) * channels);
  }
  return { data: square, width: side, height: side };
}

await runProgram(COMMAND, async ({ markdown }) => {
  await useWebGpu();
  const folder = await packageFolder("@vladmandic/face-api");
  const files = [
    new URL("../tests/recognizer/astronaut.jpg", import.meta.url),
    ...[1, 2, 3, 4, 5, 6].map((i) => new URL(`demo/sample${i}.jpg`, folder)),
  ];
  const photographs = await Promise.all(
    files.map(async (file) => await decodeImage(await Deno.readFile(file))),
  );
  const detector = await loadDetector();
  const form = markdown ? "markdown" : "plain";
  const find = async (image: Image, minSize: number) => {
    const options = { minScore: 0.5, maxFaces: 100, minSize };
    return (await detectFaces(detector, [image], options))[0];
  };

  const rows = [["smallest face", `found, of ${FACES.join(" ")}`, "in all", "looks", "ms a photo"]];
  for (const minSize of SIZES) {
    const start = performance.now();
    const found: number[] = [];
    for (const image of photographs) found.push((await find(image, minSize)).length);
    const total = found.reduce((sum, each) => sum + each, 0);
    const looks = photographs.reduce(
      (sum, { width, height }) => sum + looksAt(width, height, minSize).length,
      0,
    );
    rows.push([
      `${minSize} pixels`,
      found.join(" "),
      `${total}`,
      number(looks / photographs.length),
      number((performance.now() - start) / photographs.length),
    ]);
  }
  for (const line of tableLines({ heading: "Faces found", rows }, form)) print(line);

  const parts = [["photo in square", "found", "median face beside the square"]];
  for (const part of PARTS) {
    const sizes: number[] = [];
    for (const image of photographs) {
      const square = inSquare(image, part);
      for (const { box } of await find(square, square.width)) sizes.push(box.width / square.width);
    }
    sizes.sort((a, b) => a - b);
    const median = sizes[Math.floor(sizes.length / 2)] ?? NaN;
    parts.push([`${part}`, `${sizes.length}`, median.toFixed(3)]);
  }
  for (const line of tableLines({ heading: "One look each", rows: parts }, form)) print(line);
});
