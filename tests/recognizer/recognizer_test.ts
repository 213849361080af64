import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import {
  buildFerCnn,
  CheckpointError,
  encodeModel,
  type FerModel,
  loadModel,
} from "../../src/model.ts";
import { calibrate } from "../../src/model/description.ts";
import { predict } from "../../src/predict.ts";
import {
  type DetectedFace,
  FerRecognizer,
  type FrameInput,
  type RecognizedFace,
  type RecognizerOptions,
} from "../../src/recognizer.ts";
import { cutOut } from "../../src/recognizer/crop.ts";
import type { Image } from "../../src/transforms/transform.ts";
import { MEDIAPIPE, PHOTOGRAPH, photograph, placed } from "./photograph.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4, seed: 5 });

/** A test with tfjs on the GPU: for many looks, which take the processor's backend long. */
function gpuTest(name: string, work: () => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const gpu = await useWebGpu();
      try {
        await work();
        gpu.check();
      } finally {
        gpu.dispose();
        await tf.setBackend("cpu");
      }
    },
  });
}

/** Uses a recognizer on the photograph and sees that no tensor is left behind. */
async function withRecognizer(
  work: (recognizer: FerRecognizer) => Promise<void>,
  options: RecognizerOptions = {},
): Promise<void> {
  const before = tf.memory().numTensors;
  const recognizer = await FerRecognizer.load({ model, ...options });
  try {
    await work(recognizer);
  } finally {
    recognizer.dispose();
  }
  assertEquals(tf.memory().numTensors, before, "tensors leaked");
}

/** Whether a face is the one that MediaPipe finds in the photograph at a place of a picture. */
function assertIsAstronaut(face: DetectedFace, left: number, top: number, tolerance: number): void {
  const { width } = photograph;
  const near = (value: number, part: number, offset: number) =>
    assertAlmostEquals(value, offset + part * width, tolerance, JSON.stringify(face));
  near(face.box.x + face.box.width / 2, MEDIAPIPE.middle.x, left);
  near(face.box.y + face.box.height / 2, MEDIAPIPE.middle.y, top);
  near(face.box.width, MEDIAPIPE.side, 0);
  near(face.box.height, MEDIAPIPE.side, 0);
  face.landmarks.forEach(({ x, y }, i) => {
    near(x, MEDIAPIPE.landmarks[i].x, left);
    near(y, MEDIAPIPE.landmarks[i].y, top);
  });
}

Deno.test("recognize() finds the face that MediaPipe finds, where it finds it", async () => {
  await withRecognizer(async (recognizer) => {
    const [face, ...others] = await recognizer.recognize(PHOTOGRAPH);
    assertEquals(others, []);
    // MediaPipe looks at the whole picture once, in 128x128 pixels, and not closer: its left eye lies
    // on the cheek, and its ears lean by 10 degrees.
    assertIsAstronaut(face, 0, 0, 6);
    // The pupils, as one sees them in the photograph.
    const [right, left] = face.landmarks;
    assertAlmostEquals(right.x, 101.5, 1);
    assertAlmostEquals(right.y, 50.4, 1);
    assertAlmostEquals(left.x, 122.8, 1);
    assertAlmostEquals(left.y, 51.6, 1);
    assert(face.score > 0.95);
    assertEquals(face.quality.issues, []);
    assertAlmostEquals(face.quality.roll, 3.2, 1.5);
    assertAlmostEquals(face.crop.size, face.box.width * 1.1, 1);
    assertEquals(face.map, undefined);
  });
});

Deno.test("recognize() gives what predict() gives for the crop", async () => {
  await withRecognizer(async (recognizer) => {
    const [face] = await recognizer.recognize(photograph);
    const expected = await predict(model, cutOut(photograph, face.crop, 48));
    assertEquals(face.probabilities, expected);
  });
});

Deno.test("recognize() divides logits by the model's temperature as predict() does", async () => {
  const cold = await loadModel(await encodeModel(model));
  calibrate(cold.model, { temperature: 0.01 });
  await withRecognizer(async (recognizer) => {
    const [face] = await recognizer.recognize(photograph);
    assertEquals(face.probabilities, await predict(cold, cutOut(photograph, face.crop, 48)));
    assertNotEquals(face.probabilities, await predict(model, cutOut(photograph, face.crop, 48)));
  }, { model: cold });
  cold.model.dispose();
});

Deno.test("recognize() takes grey, RGB and RGBA pictures, files, tensors and ImageBitmaps", async () => {
  const { width, height, data } = photograph;
  const channel = (of: number[]): Image => ({
    data: Uint8Array.from(
      { length: width * height * of.length },
      (_, i) => data[4 * Math.floor(i / of.length) + of[i % of.length]],
    ),
    width,
    height,
  });
  const rgb = channel([0, 1, 2]);
  const tensor = tf.tensor3d(Uint8Array.from(rgb.data), [height, width, 3], "int32");
  const bitmap = await createImageBitmap(
    new ImageData(Uint8ClampedArray.from(data), width, height),
  );
  const inputs: Record<string, FrameInput> = {
    grey: channel([1]),
    rgb,
    rgba: photograph,
    file: PHOTOGRAPH,
    tensor,
    bitmap,
  };
  await withRecognizer(async (recognizer) => {
    const expected = await recognizer.detect(photograph);
    for (const [name, input] of Object.entries(inputs)) {
      const found = await recognizer.detect(input);
      assertEquals(found.length, 1, name);
      if (name === "grey") assertAlmostEquals(found[0].box.x, expected[0].box.x, 3);
      else assertEquals(found, expected, name);
    }
  });
  // What is given stays the caller's.
  assertEquals([bitmap.width, bitmap.height], [width, height]);
  bitmap.close();
  tensor.dispose();
});

Deno.test("recognizeMany() gives for each picture what recognize() gives", async () => {
  const nothing = { data: new Uint8Array(64 * 48).fill(90), width: 64, height: 48 };
  const pictures = [photograph, nothing, placed(300, 400, 30, 100)];
  await withRecognizer(async (recognizer) => {
    const many = await recognizer.recognizeMany(pictures, { anyQuality: true });
    assertEquals(many.map((faces) => faces.length), [1, 0, 1]);
    assertIsAstronaut(many[2][0], 30, 100, 12);
    for (const [i, picture] of pictures.entries()) {
      const one = await recognizer.recognize(picture, { anyQuality: true });
      one.forEach((face, k) => {
        const { probabilities, box, crop, quality } = many[i][k];
        assertEquals([box, crop, quality], [face.box, face.crop, face.quality]);
        face.probabilities?.forEach(({ label, probability }, n) => {
          assertEquals(probabilities?.[n].label, label);
          assertAlmostEquals(probabilities?.[n].probability ?? NaN, probability, 1e-6);
        });
      });
    }
    assertEquals(await recognizer.recognizeMany([]), []);
  });
});

gpuTest("recognize() looks for faces from minSize on in parts of a large picture", async () => {
  const large = placed(900, 640, 640, 380);
  await withRecognizer(async (recognizer) => {
    assertEquals(await recognizer.detect(large), []);
  }, { minSize: 400 });
  await withRecognizer(async (recognizer) => {
    const [face, ...others] = await recognizer.detect(large);
    assertEquals(others, []);
    assertIsAstronaut(face, 640, 380, 5);
  }, { minSize: 45 });
});

gpuTest("recognize() gives the largest face first and no more than maxFaces", async () => {
  const { width, height } = photograph;
  const data = new Uint8Array(2 * width * height * 4);
  // Beside the photograph, the same at three quarters of its size.
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 4; c++) {
        const [u, v] = [Math.floor(x / 0.75), Math.floor(y / 0.75)];
        const small = u < width && v < height ? photograph.data[4 * (v * width + u) + c] : 0;
        data[4 * (2 * y * width + x) + c] = small;
        data[4 * ((2 * y + 1) * width + x) + c] = photograph.data[4 * (y * width + x) + c];
      }
    }
  }
  const both = { data, width: 2 * width, height };
  await withRecognizer(async (recognizer) => {
    const faces = await recognizer.detect(both);
    assertEquals(faces.length, 2);
    assertAlmostEquals(faces[0].box.width * 0.75, faces[1].box.width, 3);
    assert(faces[0].box.x > width && faces[1].box.x < width);
  }, { minSize: 34 });
  await withRecognizer(async (recognizer) => {
    const faces = await recognizer.detect(both);
    assert(faces.length === 1 && faces[0].box.x > width);
  }, { minSize: 34, maxFaces: 1 });
});

Deno.test("recognize() finds the face of a picture that stands on its head, and turns its crop", async () => {
  const { data, width, height } = photograph;
  // The last pixel comes first.
  const turned = {
    data: data.map((_, i) => data[data.length - 4 * (i >> 2) - 4 + i % 4]),
    width,
    height,
  };
  await withRecognizer(async (recognizer) => {
    const [upright] = await recognizer.recognize(photograph);
    const [face, ...others] = await recognizer.recognize(turned);
    assertEquals(others, []);
    assertAlmostEquals(face.box.x, width - upright.box.x - upright.box.width, 2);
    assertAlmostEquals(face.box.y, height - upright.box.y - upright.box.height, 2);
    // The pupils, as one sees them in the photograph.
    const [right, left] = face.landmarks;
    assertAlmostEquals(right.x, width - 101.5, 1.5);
    assertAlmostEquals(right.y, height - 50.4, 1.5);
    assertAlmostEquals(left.x, width - 122.8, 1.5);
    assert(Math.abs(face.quality.roll) > 170);
    assert(Math.abs(face.crop.rotation) > 160);
  });
});

gpuTest("recognize() finds faces by their share of the picture, within maxLooks", async () => {
  // A face of 50 pixels, 0.031 of the longer edge.
  const large = placed(1600, 900, 700, 400);
  await withRecognizer(async (recognizer) => {
    const [face, ...others] = await recognizer.detect(large);
    assertEquals(others, []);
    assertIsAstronaut(face, 700, 400, 8);
  });
  await withRecognizer(async (recognizer) => {
    assertEquals(await recognizer.detect(large), []);
  }, { minSize: 0.1 });
});

Deno.test("recognize() does not guess what a poor face expresses, unless it is told to", async () => {
  const dark = { ...photograph, data: photograph.data.map((v, i) => i % 4 === 3 ? v : v * 0.15) };
  await withRecognizer(async (recognizer) => {
    const [face] = await recognizer.recognize(dark);
    assertEquals(face.quality.issues, ["dark"]);
    assertEquals(face.probabilities, null);
    const [guess] = await recognizer.recognize(dark, { anyQuality: true });
    assertEquals(guess.quality, face.quality);
    assertEquals(guess.probabilities?.length, 7);
  });
});

Deno.test("recognize() averages views of a face with tta, with a map and without", async () => {
  await withRecognizer(async (recognizer) => {
    const [plain] = await recognizer.recognize(photograph);
    const [face] = await recognizer.recognize(photograph, { tta: true });
    assertEquals(
      face.probabilities,
      await predict(model, cutOut(photograph, face.crop, 48), { tta: "flip" }),
    );
    assertNotEquals(face.probabilities, plain.probabilities);
    const { map, ...rest } =
      (await recognizer.recognize(photograph, { tta: true, gradCam: true }))[0];
    assertEquals(rest, face);
    assertEquals(map, (await recognizer.recognize(photograph, { gradCam: true }))[0].map);
  });
});

Deno.test("recognize() tells what speaks for the expression when it is asked to", async () => {
  await withRecognizer(async (recognizer) => {
    const [plain] = await recognizer.recognize(photograph);
    const [face] = await recognizer.recognize(photograph, { gradCam: true });
    assertEquals(face.map?.size, 48);
    assertEquals(face.map?.map.length, 48 * 48);
    face.probabilities?.forEach(({ probability }, i) =>
      assertAlmostEquals(probability, plain.probabilities?.[i].probability ?? NaN, 1e-5)
    );
  });
});

Deno.test("recognizeStream() gives the faces of frame after frame and ends its source early", async () => {
  let ended = false;
  async function* frames(): AsyncGenerator<Image> {
    try {
      for (let left = 0; left < 10; left++) yield placed(300, 300, left, 0);
    } finally {
      ended = true;
    }
  }
  await withRecognizer(async (recognizer) => {
    const seen: RecognizedFace[][] = [];
    for await (const faces of recognizer.recognizeStream(frames())) {
      seen.push(faces);
      if (seen.length === 3) break;
    }
    assert(ended);
    seen.forEach(([face], left) => assertIsAstronaut(face, left, 0, 12));
  });
});

Deno.test("FerRecognizer leaves the model that it was given to the caller", async () => {
  const own: FerModel = buildFerCnn({ filters: [2], hidden: 2, seed: 1 });
  {
    using recognizer = await FerRecognizer.load({ model: own });
    await recognizer.warmUp();
  }
  assertEquals((await predict(own, photograph)).length, 7);
  own.dispose();
});

Deno.test("FerRecognizer refuses what it cannot use, and says why", async () => {
  const load = (options: RecognizerOptions) => () => FerRecognizer.load({ model, ...options });
  await assertRejects(
    load({ maxFaces: 0 }),
    RangeError,
    "Cannot load a recognizer with maxFaces 0: expected an integer from 1 on",
  );
  await assertRejects(
    load({ minScore: 1 }),
    RangeError,
    "Cannot load a recognizer with minScore 1: expected a number between 0 and 1",
  );
  await assertRejects(
    load({ minSize: -5 }),
    RangeError,
    "Cannot load a recognizer with minSize -5: expected pixels from 1 on, or a share of the longer " +
      "edge above 0",
  );
  await assertRejects(
    load({ maxLooks: 0 }),
    RangeError,
    "Cannot load a recognizer with maxLooks 0: expected a number from 1 on",
  );
  await assertRejects(load({ farDetector: PHOTOGRAPH }), CheckpointError, "its SHA-256 is");
  await assertRejects(load({ detector: PHOTOGRAPH }), CheckpointError, "its SHA-256 is");
  await assertRejects(load({ detector: "nowhere" }), CheckpointError, "nowhere: no such file");
  await withRecognizer(async (recognizer) => {
    await assertRejects(() => recognizer.recognize({} as Image), TypeError, "expected {data");
    await assertRejects(
      () => recognizer.recognize({ data: new Uint8Array(5), width: 2, height: 2 }),
      TypeError,
      "Cannot read an image of 2x2 with 5 samples",
    );
    await assertRejects(
      () => recognizer.recognize({ data: new Uint8Array(), width: 0, height: 0 }),
      RangeError,
      "Cannot look for faces in a picture of 0x0",
    );
    const closed = await createImageBitmap(new ImageData(2, 2));
    closed.close();
    await assertRejects(() => recognizer.recognize(closed), TypeError, "it is closed");
  });
});

Deno.test("dispose() may come twice, and nothing is recognized afterwards", async () => {
  await tf.setBackend("cpu");
  const before = tf.memory().numTensors;
  const recognizer = await FerRecognizer.load({ model });
  {
    using same = recognizer;
    same.dispose();
  }
  assertEquals(tf.memory().numTensors, before);
  const picture = { data: new Uint8Array(4), width: 2, height: 2 };
  async function* frames() {
    yield await Promise.resolve(picture);
  }
  for (
    const [what, use] of [
      ["recognize", () => recognizer.recognize(picture)],
      ["recognize", () => recognizer.recognizeMany([])],
      ["recognize", () => Array.fromAsync(recognizer.recognizeStream(frames()))],
      ["detect", () => recognizer.detect(picture)],
      ["warm up", () => recognizer.warmUp()],
    ] as const
  ) {
    const { message } = await assertRejects<TypeError>(() => use() as Promise<unknown>, TypeError);
    assertEquals(message, `Cannot ${what}: this recognizer was disposed of`);
  }
});

gpuTest("recognize() gives on the GPU what it gives on the processor", async () => {
  await tf.setBackend("cpu");
  const recognizer = await FerRecognizer.load({ model });
  const [expected] = await recognizer.recognize(photograph);
  recognizer.dispose();
  await tf.setBackend("webgpu");
  await withRecognizer(async (onGpu) => {
    await onGpu.warmUp();
    const [face] = await onGpu.recognize(photograph);
    assertAlmostEquals(face.box.x, expected.box.x, 1e-3);
    assertAlmostEquals(face.score, expected.score, 1e-5);
    face.probabilities?.forEach(({ label, probability }, i) => {
      assertEquals(label, expected.probabilities?.[i].label);
      assertAlmostEquals(probability, expected.probabilities?.[i].probability ?? NaN, 1e-3);
    });
  });
});
