import { assertEquals, assertRejects } from "@std/assert";
import type { Decoded } from "../../../cli/label/decode_ahead.ts";
import { type Labeller, labelPictures } from "../../../cli/label/label_pictures.ts";

const picture = (width: number): Decoded => ({
  path: `${width}.jpg`,
  image: { data: new Uint8Array(width), width, height: 1 },
});

async function* decoded(pictures: readonly Decoded[]): AsyncGenerator<Decoded> {
  for (const each of pictures) yield await Promise.resolve(each);
}

const LIMITS = { pictures: 3, bytes: 1e6 };

/** Finds a face in each picture of an odd width, and notes how many it is given. */
function oddLabeller(fails: (width: number) => boolean = () => false) {
  const batches: number[] = [];
  const labeller: Labeller = (images) => {
    batches.push(images.length);
    const bad = images.find(({ width }) => fails(width));
    if (bad) return Promise.reject(new Error(`Cannot label a width\nof ${bad.width}`));
    return Promise.resolve(
      images.map(({ width }) => width % 2 ? [{ probabilities: null, score: width / 100 }] : []),
    );
  };
  return { labeller, batches };
}

/** What came of pictures, in a word each. */
async function outcomes(pictures: readonly Decoded[], labeller: Labeller, limits = LIMITS) {
  const results = (await Array.fromAsync(labelPictures(decoded(pictures), labeller, limits)))
    .flat();
  return results.map((result) =>
    "error" in result
      ? `${result.path} ${result.error}`
      : `${result.path} ${result.faces.map(({ score }) => score)}`
  );
}

Deno.test("labelPictures() gives each picture its faces, in order, broken ones between", async () => {
  const { labeller, batches } = oddLabeller();
  const broken = { path: "broken.jpg", error: "Cannot decode it" };
  assertEquals(await outcomes([picture(1), broken, picture(2), picture(3)], labeller), [
    ...["1.jpg 0.01", "broken.jpg Cannot decode it", "2.jpg ", "3.jpg 0.03"],
  ]);
  assertEquals(batches, [2, 1]);
});

Deno.test("labelPictures() ends a batch at enough pictures or enough bytes", async () => {
  const { labeller, batches } = oddLabeller();
  const pictures = [1, 2, 3, 4, 50, 5, 6].map(picture);
  await outcomes(pictures, labeller, { pictures: 3, bytes: 50 });
  assertEquals(batches, [3, 2, 2]);
});

Deno.test("labelPictures() can begin with a smaller batch", async () => {
  const { labeller, batches } = oddLabeller();
  const limits = { ...LIMITS, first: 1 };
  await outcomes([1, 2, 3, 4, 5].map(picture), labeller, limits);
  assertEquals(batches, [1, 3, 1]);
});

Deno.test("labelPictures() finds the one picture that a batch fails for", async () => {
  const { labeller } = oddLabeller((width) => width === 2);
  assertEquals(await outcomes([1, 2, 3].map(picture), labeller), [
    ...["1.jpg 0.01", "2.jpg Cannot label a width of 2", "3.jpg 0.03"],
  ]);
});

Deno.test("labelPictures() stops where not even a plain picture can be labelled", async () => {
  const { labeller } = oddLabeller(() => true);
  await assertRejects(
    () => outcomes([1, 2].map(picture), labeller),
    Error,
    "Cannot label a width\nof 1",
  );
});
