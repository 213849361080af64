import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import { decodeImage } from "../../src/data.ts";
import { buildFerCnn } from "../../src/model.ts";
import { FaceTracker, FerRecognizer, type RecognizedFace } from "../../src/recognizer.ts";
import { type Image, resize } from "../../src/transforms.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");
/** A drawn face, 48x48, and the middle and side of what is to be seen of it, in pixels of the drawing. */
const DRAWN = await decodeImage(await Deno.readFile(new URL("../cli/face.png", import.meta.url)));
const SEEN = { x: 25, y: 24, side: 33 };

const [WIDTH, HEIGHT] = [320, 240];

/** Where a drawing of an edge has its upper left corner. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly edge: number;
}

/** A grey frame with drawn faces at places. */
function frame(...places: readonly Place[]): Image {
  const data = new Uint8Array(WIDTH * HEIGHT).fill(120);
  for (const { x: left, y: top, edge } of places) {
    const face = resize(DRAWN, edge, edge);
    const channels = face.data.length / edge ** 2;
    for (let y = Math.max(0, -top); y < edge && top + y < HEIGHT; y++) {
      for (let x = Math.max(0, -left); x < edge && left + x < WIDTH; x++) {
        data[(top + y) * WIDTH + left + x] = face.data[channels * (y * edge + x)];
      }
    }
  }
  return { data, width: WIDTH, height: HEIGHT };
}

/** That a face is where it was drawn. */
function assertIsAt({ box }: RecognizedFace, { x, y, edge }: Place): void {
  const scale = edge / 48;
  const where = JSON.stringify(box);
  assertAlmostEquals(box.x + box.width / 2, x + SEEN.x * scale, 0.12 * edge, where);
  assertAlmostEquals(box.y + box.height / 2, y + SEEN.y * scale, 0.12 * edge, where);
  assertAlmostEquals(box.width, SEEN.side * scale, 0.2 * edge, where);
}

/** A test with a recognizer on the GPU, which leaves no tensor behind. */
function videoTest(name: string, work: (recognizer: FerRecognizer) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const gpu = await useWebGpu();
      try {
        const before = tf.memory().numTensors;
        const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4, seed: 5 });
        {
          using recognizer = await FerRecognizer.load({ model });
          await work(recognizer);
        }
        model.dispose();
        assertEquals(tf.memory().numTensors, before);
        gpu.check();
      } finally {
        gpu.dispose();
        await tf.setBackend("cpu");
      }
    },
  });
}

videoTest(
  "forVideo() follows a face that moves and grows, and seldom looks at whole frames",
  async (recognizer) => {
    const [video, tracker] = [recognizer.forVideo(), new FaceTracker()];
    for (let i = 0; i < 24; i++) {
      const place = { x: 20 + 8 * i, y: 60 + 2 * i, edge: 80 + i };
      const seconds = i / 25;
      const faces = await video.recognize(frame(place), seconds, { anyQuality: true });
      assertEquals(faces.length, 1, `in frame ${i}`);
      assertIsAt(faces[0], place);
      assertEquals(faces[0].probabilities?.length, 7);
      assertEquals(tracker.update(faces, seconds)[0].id, 1);
    }
    // The first: after half a second there is a glance, after two the next whole look.
    assertEquals(video.wholeFrames, 1);
  },
);

videoTest(
  "forVideo() lets go of a face that leaves, and finds one that comes in within lookEvery",
  async (recognizer) => {
    const video = recognizer.forVideo({ lookEvery: 0.2 });
    const stays = { x: 20, y: 80, edge: 80 };
    const counts: number[] = [];
    for (let i = 0; i < 30; i++) {
      const leaves = { x: 200 + 16 * Math.max(0, i - 8), y: 60, edge: 96 };
      const comes = { x: 150, y: 240 - 14 * Math.min(10, Math.max(0, i - 12)), edge: 90 };
      const faces = await video.recognize(frame(stays, leaves, comes), i / 25);
      counts.push(faces.length);
      assert(faces.length > 0);
      const nearest = faces.toSorted((a, b) => a.box.x - b.box.x)[0];
      assertIsAt(nearest, stays);
    }
    assertEquals(counts.slice(0, 8), Array(8).fill(2));
    // Of the one face a quarter is left in frame 14, of the other a third has come.
    assertEquals(counts[14], 1);
    // All of the other is in the picture from frame 23 on.
    assertEquals(counts.slice(28), [2, 2]);
    assert(video.wholeFrames < 20, `${video.wholeFrames} of 30`);
  },
);

videoTest("forVideo() keeps two faces apart that cross", async (recognizer) => {
  const [video, tracker] = [recognizer.forVideo({ lookEvery: 0.2 }), new FaceTracker()];
  const ids: [number, number][] = [];
  for (let i = 0; i < 25; i++) {
    // One before the other, the larger in front.
    const small = { x: 10 + 9 * i, y: 70, edge: 70 };
    const large = { x: 210 - 9 * i, y: 40, edge: 110 };
    const faces = await video.recognize(frame(small, large), i / 25);
    assert(faces.length >= 1 && faces.length <= 2, `${faces.length} faces in frame ${i}`);
    const tracked = tracker.update(faces, i / 25);
    const largest = tracked.toSorted((a, b) => b.box.width - a.box.width)[0];
    assertIsAt(faces.toSorted((a, b) => b.box.width - a.box.width)[0], large);
    if (tracked.length === 2) {
      ids.push([
        largest.id,
        tracked.find((each) => each !== largest)?.id ?? 0,
      ]);
    }
  }
  assert(ids.length > 12, `${ids.length}`);
  // The one in front is the same throughout.
  assertEquals(new Set(ids.map(([front]) => front)).size, 1);
  assert(ids.every(([front, back]) => front !== back));
});

videoTest("forVideo() does not let the box of a face tremble that stays", async (recognizer) => {
  const video = recognizer.forVideo({ lookEvery: 10 });
  const still = frame({ x: 100, y: 60, edge: 100 });
  const [first] = await video.recognize(still, 0);
  for (const seconds of [0.1, 0.2, 0.3]) {
    const [{ box, crop }] = await video.recognize(still, seconds);
    assertAlmostEquals(box.x, first.box.x, 0.5);
    assertAlmostEquals(box.width, first.box.width, 0.5);
    assertAlmostEquals(crop.size, first.crop.size, 0.5);
  }
  assertEquals(video.wholeFrames, 1);
});

videoTest(
  "forVideo() looks at the whole frame when the picture cuts or changes its size",
  async (recognizer) => {
    const video = recognizer.forVideo({ lookEvery: 10 });
    const [before, after] = [{ x: 10, y: 10, edge: 90 }, { x: 210, y: 130, edge: 90 }];
    assertIsAt((await video.recognize(frame(before), 0))[0], before);
    assertIsAt((await video.recognize(frame(before), 0.1))[0], before);
    assertEquals(video.wholeFrames, 1);
    assertIsAt((await video.recognize(frame(after), 0.2))[0], after);
    assertEquals(video.wholeFrames, 2);
    const { data } = frame(after);
    const faces = await video.recognize({
      data: data.subarray(40 * WIDTH),
      width: WIDTH,
      height: 200,
    }, 0.3);
    assertIsAt(faces[0], { ...after, y: 90 });
    assertEquals(video.wholeFrames, 3);
    assertEquals(await video.recognize(frame(), 0.4), []);
    assertEquals(await video.recognize(frame(), 0.5), []);
    assertEquals(video.wholeFrames, 5);
    // A clock that went back tells nothing.
    assertIsAt((await video.recognize(frame(before), 0.1))[0], before);
  },
);

Deno.test("forVideo() refuses what it cannot use, and ends with its recognizer", async () => {
  await tf.setBackend("cpu");
  const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4, seed: 5 });
  const recognizer = await FerRecognizer.load({ model });
  assertThrows(
    () => recognizer.forVideo({ lookEvery: -1 }),
    RangeError,
    "Cannot recognize a video with lookEvery -1: expected seconds from 0",
  );
  const video = recognizer.forVideo();
  await assertRejects(
    () => video.recognize(frame(), NaN),
    RangeError,
    "Cannot recognize a frame at NaN s: expected a number",
  );
  recognizer.dispose();
  await assertRejects(
    () => video.recognize(frame(), 0),
    TypeError,
    "this recognizer was disposed of",
  );
  assertThrows(() => recognizer.forVideo(), TypeError, "Cannot recognize a video: this recognizer");
  model.dispose();
});
