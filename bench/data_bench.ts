/**
 * Loading, drawing and auditing data. The rates are items over the time shown: rows, images, faces.
 */
import { encode } from "fast-png";
import {
  auditDataset,
  decodeImage,
  drawnFaces,
  leakFreeIndices,
  loadFerCsv,
  USAGES,
  withValidationSplit,
} from "../src/data.ts";

const ROWS = 2000;
const FACES = drawnFaces(ROWS, 42);
// As many images as FER-2013 trains on: the same faces again, each with a mark of its own.
const FER_SIZED = FACES.subset(Array.from({ length: 28_709 }, (_, i) => i % ROWS));
new Uint16Array(FER_SIZED.pixels.buffer).forEach((_, word, words) => {
  if (word % 1152 === 0) words[word] = word / 1152;
});
FER_SIZED.usages.fill(0);
const VALIDATION = FACES.split("PublicTest");

const csv = new TextEncoder().encode([
  "emotion,pixels,Usage",
  ...Array.from(
    FACES.labels,
    (label, i) => `${label},${FACES.image(i).data.join(" ")},${USAGES[FACES.usages[i]]}`,
  ),
].join("\n"));
const gzipped = new Uint8Array(
  await new Response(
    new Blob([csv]).stream().pipeThrough(new CompressionStream("gzip")),
  ).arrayBuffer(),
);

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([bytes]).stream();
}

Deno.bench("CSV, 2,000 rows", { group: "csv", baseline: true }, async () => {
  await loadFerCsv(streamOf(csv));
});

Deno.bench("CSV, gzipped, 2,000 rows", { group: "csv" }, async () => {
  await loadFerCsv(streamOf(gzipped));
});

Deno.bench("gunzip alone, 2,000 rows", { group: "csv" }, async () => {
  await streamOf(gzipped).pipeThrough(new DecompressionStream("gzip")).pipeTo(new WritableStream());
});

const jpegs = await Promise.all(
  ["grey.jpg", "colour_420.jpg"].map((name) =>
    Deno.readFile(new URL(`../tests/data/images/${name}`, import.meta.url))
  ),
);
const { data, width, height } = FACES.image(0);
const png = encode({ data, width, height, channels: 1, depth: 8 });

Deno.bench("decode a grey JPEG, 24x17", { group: "decode", baseline: true }, async () => {
  await decodeImage(jpegs[0]);
});

Deno.bench("decode a colour JPEG, 24x17", { group: "decode" }, async () => {
  await decodeImage(jpegs[1]);
});

Deno.bench("decode a grey PNG, 48x48", { group: "decode" }, async () => {
  await decodeImage(png);
});

Deno.bench("draw 100 faces", () => {
  drawnFaces(100, 42);
});

Deno.bench("audit 28,709 images", { group: "audit", baseline: true }, () => {
  auditDataset(FER_SIZED);
});

Deno.bench("split off validation, 28,709 images", { group: "audit" }, () => {
  withValidationSplit(FER_SIZED);
});

Deno.bench("find 200 images' twins among 28,709", { group: "audit" }, () => {
  leakFreeIndices(VALIDATION, FER_SIZED);
});
