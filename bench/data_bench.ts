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

/** tests/data/images/grey.jpg and colour_420.jpg, so that no permission is needed to read them. */
const jpegs = [
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDg" +
  "sLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAARABgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL" +
  "/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJi" +
  "coKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ip" +
  "qrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APhTw/8ADWSNyq" +
  "oW+Yh3CH5SMZxjIJPvg9K9E8NfDNXk/wBSjhcAeZklgOpz0BPX8OM9a9Q8P/CrfGgMb+SvIcjBI5yAOOfrxweO51fD" +
  "nw08yRmhtmClCwCjaWIPIPfjPINes+HPhal0m1Imld1XeVGcY5PQevvzXo1p4Lt9JmCGAXF04yqpkFDgAZxnkjkfn7" +
  "niPCH/AB+L/wBtf/Q0r1zwn/qbb6Q/zrX8K/6y3/694v8A2Sv/2Q==",
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHB" +
  "YWICwgIyYnKSopGR8tMC0oMCUoKSj/2wBDAQcHBwoIChMKChMoGhYaKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo" +
  "KCgoKCgoKCgoKCgoKCgoKCgoKCgoKCj/wAARCAARABgDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAw" +
  "QFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkK" +
  "FhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmq" +
  "KjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEB" +
  "AQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRob" +
  "HBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOE" +
  "hYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+P" +
  "n6/9oADAMBAAIRAxEAPwDwrT9BZSQATz8xAPFdDpmggt9wHGAN2efU+3/1q7PTdB3MSkZwRngYzg/n3711mm+HhIuF" +
  "QsSBkj868zCT+t6s5spz+1nc4jT/AA7lQCrbBzn/AAH+e9FetQ6VHbPjyxJKwyAvG0//AKqK0rTy2hN06tT3lvZSdv" +
  "uTVz9KwefzdJNMxNH/ANcP+BfzFddpP3IvolFFc/D239eZ/POU/wCX5lzSvvR/9c0/pRRRXxuE/go/UaPwI//Z",
].map((text) => Uint8Array.fromBase64(text));
const { data, width, height } = FACES.image(0);
const png = encode({ data, width, height, channels: 1, depth: 8 });

/** FER-2013 itself, where it may be read. */
const env = await Deno.permissions.query({ name: "env", variable: "FER2013" });
const { state } = await Deno.permissions.query({ name: "read" });
const real = env.state === "granted" && state === "granted" ? Deno.env.get("FER2013") : undefined;
Deno.bench("CSV, FER-2013", { group: "csv", ignore: !real, n: 3, warmup: 0 }, async () => {
  await loadFerCsv(real ?? "");
});

// The JPEG decoder reads its WebAssembly file.
const ignore = state !== "granted";
Deno.bench("decode a grey JPEG, 24x17", { group: "decode", ignore }, async () => {
  await decodeImage(jpegs[0]);
});

Deno.bench("decode a colour JPEG, 24x17", { group: "decode", ignore }, async () => {
  await decodeImage(jpegs[1]);
});

Deno.bench("decode a grey PNG, 48x48", { group: "decode", baseline: true }, async () => {
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
