import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { match } from "../../bench/faces/matching.ts";
import { emotionOf, facesOf, parseBoxes } from "../../bench/faces/pictures.ts";
import { type Answer, medianOf, scoreOf } from "../../bench/faces/score.ts";
import { encodePng } from "../../src/data.ts";
import type { Emotion } from "../../src/emotions.ts";
import { photograph } from "../recognizer/photograph.ts";
import { drawScene } from "../webcam/clip.ts";
import { runTask, withFolder } from "../cli/run_task.ts";

const face = (...box: [number, number, number, number]) => ({ box, invalid: false });

Deno.test("match() takes what overlaps by three tenths for the same face, and nothing less", () => {
  // 100 x 100 beside the same, moved: 54 x 100 shared of 146 x 100 is 0.37, 46 of 154 is 0.299. The
  // middle of the first lies within the face, and that of the second does too.
  assertEquals(match([[46, 0, 100, 100]], [face(0, 0, 100, 100)]).isFound, [true]);
  // 40 of 160 is 0.25, its middle beyond the edge.
  const { isFound, falseBoxes } = match([[60, 0, 100, 100]], [face(0, 0, 100, 100)]);
  assertEquals([isFound, falseBoxes], [[false], [[60, 0, 100, 100]]]);
});

Deno.test("match() takes a box around a face's middle whose area is within a factor of four", () => {
  // Overlap 0.25 and 0.24.
  assertEquals(match([[25, 25, 50, 50]], [face(0, 0, 100, 100)]).isFound, [true]);
  assertEquals(match([[25, 25, 49, 49]], [face(0, 0, 100, 100)]).isFound, [false]);
});

Deno.test("match() gives a face one box, the one that overlaps most; a second is false", () => {
  const { isFound, falseBoxes } = match(
    [[10, 0, 100, 100], [0, 0, 100, 100]],
    [face(0, 0, 100, 100)],
  );
  assertEquals([isFound, falseBoxes], [[true], [[10, 0, 100, 100]]]);
});

Deno.test("match() gives a box one face", () => {
  assertEquals(
    match([[0, 0, 100, 100]], [face(0, 0, 100, 100), face(5, 5, 100, 100)]).isFound,
    [true, false],
  );
});

Deno.test("match() counts no box at an invalid face as false", () => {
  const boxes = [[0, 0, 100, 100], [5, 0, 100, 100], [300, 0, 50, 50]] as const;
  const { falseBoxes } = match(boxes, [{ ...face(0, 0, 100, 100), invalid: true }]);
  assertEquals(falseBoxes, [[300, 0, 50, 50]]);
});

Deno.test("parseBoxes() reads faces by picture, and says what is wrong with a file", () => {
  const known = parseBoxes(
    '{"a.jpg": [{"box": [1, 2, 3, 4], "blur": 2}], "b/c.png": []}',
    "f.json",
  );
  assertEquals(known.get("a.jpg"), [{ box: [1, 2, 3, 4], invalid: false }]);
  assertEquals(facesOf({ name: "x/a.jpg", label: null }, known)?.length, 1);
  assertEquals(facesOf({ name: "b/c.png", label: null }, known), []);
  assertEquals(facesOf({ name: "d.png", label: null }, known), undefined);
  assertThrows(() => parseBoxes("{", "f.json"), SyntaxError, "Cannot read f.json");
  assertThrows(() => parseBoxes("[]", "f.json"), TypeError, "expected an object of pictures");
  assertThrows(() => parseBoxes('{"a": 1}', "f.json"), TypeError, "a has no list of faces");
  assertThrows(
    () => parseBoxes('{"a": [{"box": [1, 2, "3", 4]}]}', "f.json"),
    TypeError,
    "Cannot read f.json: face 1 of a is",
  );
  // A box without an area cannot be found.
  assertEquals(parseBoxes('{"a": [{"box": [1, 2, 0, 4]}]}', "f").get("a")?.[0].invalid, true);
});

Deno.test("emotionOf() knows what folders and networks call the classes", () => {
  assertEquals(["Happy", "surprised", "fearful", "pictures", "constructor"].map(emotionOf), [
    "happy",
    "surprise",
    "fear",
    null,
    null,
  ]);
});

const answer = (ms: number, ...faces: Answer["faces"]): Answer => ({
  width: 1000,
  height: 500,
  ms,
  faces,
});

Deno.test("scoreOf() parts faces by their share of the longer edge", () => {
  const known = new Map([["a", [
    face(0, 0, 60, 60),
    face(200, 0, 59, 60),
    face(400, 0, 29, 29),
    { ...face(600, 0, 90, 90), invalid: true },
  ]]]);
  const found = { box: [0, 0, 60, 60], label: null, isRefused: false } as const;
  const stray = { ...found, box: [900, 300, 80, 80] } as const;
  const score = scoreOf([{ name: "a", label: null }], [answer(5, found, stray)], known);
  assertEquals([score.faces, score.found, score.false], [3, 1, 1]);
  assertEquals([score.recall006, score.recall003], [1, 0]);
  assertEquals(score.sizes.map(({ faces, found }) => [faces, found]), [
    [1, 0],
    [1, 0],
    [1, 1],
    [0, 0],
    [0, 0],
  ]);
  assertEquals(score.expression, null);
});

Deno.test("scoreOf() counts what is not found or refused as wrong, and says so apart", () => {
  const told = (label: Emotion, isRefused = false) =>
    ({ box: [0, 0, 10, 10], label, isRefused }) as const;
  const labels = ["happy", "happy", "happy", "sad"] as const;
  const score = scoreOf(
    labels.map((label, i) => ({ name: `${i}`, label })),
    [
      // The largest face is the one that counts.
      answer(1, told("happy"), { ...told("sad"), box: [0, 0, 5, 5] }),
      answer(2, told("happy", true)),
      answer(3),
      answer(10, told("happy")),
    ],
    null,
  );
  assertEquals([score.faces, score.false, score.found], [null, null, 4]);
  assertEquals(score.medianMs, 2.5);
  const { expression } = score;
  assert(expression);
  const { n, found, refused, refusedRight, right } = expression;
  assertEquals([n, found, refused, refusedRight, right], [4, 3, 1, 1, 1]);
  assertAlmostEquals(expression.accuracy, 1 / 4);
  assertAlmostEquals(expression.accuracyOfTold, 1 / 2);
  // Happy: 1 right of 3 there and 2 said, 2 / 5; sad: 0.
  assertAlmostEquals(expression.macroF1, 0.2);
  assertEquals(expression.classes, ["happy", "sad"]);
  assertEquals(expression.confusion, [[1, 0, 2], [1, 0, 0]]);
});

Deno.test("medianOf() is the middle, or the mean of the two in the middle", () => {
  assertEquals([medianOf([3, 1, 2]), medianOf([4, 1, 2, 3])], [2, 2.5]);
});

Deno.test("bench:faces finds the faces of pictures, and says what it could not read", async () => {
  await withFolder(async (folder) => {
    const drawn = { index: 0, x: 200, y: 120 };
    const nobody = drawScene({ width: 640, height: 480, faces: [] });
    const somebody = drawScene({ width: 640, height: 480, faces: [drawn] });
    await Deno.mkdir(`${folder}/pictures/happy`, { recursive: true });
    await Deno.writeFile(`${folder}/pictures/nobody.png`, await encodePng(nobody));
    await Deno.writeFile(`${folder}/pictures/somebody.png`, await encodePng(somebody));
    await Deno.writeFile(`${folder}/pictures/happy/astronaut.png`, await encodePng(photograph));
    await Deno.writeTextFile(`${folder}/pictures/broken.jpg`, "no picture");
    await Deno.writeTextFile(
      `${folder}/boxes.json`,
      JSON.stringify({
        "nobody.png": [],
        "somebody.png": [{ box: [200, 120, 240, 240] }],
        "astronaut.png": [{ box: [88, 30, 50, 64] }],
      }),
    );
    const args = ["--data=pictures", "--boxes=boxes.json", "--peers=none", "--backend=cpu"];
    const { code, stdout, stderr } = await runTask("bench:faces", [...args, "--json"], {
      cwd: folder,
    });
    assertEquals([code, stderr], [0, ""]);
    const { ours, oursTta, human, faceApi, unreadable } = JSON.parse(stdout);
    assertEquals([human, faceApi], [null, null]);
    for (const score of [ours, oursTta]) {
      const { pictures, faces, found, recall006, medianMs, expression } = score;
      assertEquals([pictures, faces, found, recall006, score.false], [3, 2, 2, 1, 0]);
      assert(medianMs > 0);
      assertEquals([expression.n, expression.found], [1, 1]);
    }
    assertEquals(unreadable.map(({ name }: { name: string }) => name), ["broken.jpg"]);
  });
});

Deno.test("bench:faces says what it is missing", async () => {
  const usage = await runTask("bench:faces", []);
  assertEquals([usage.code, /--data/.test(usage.stderr)], [2, true]);
  const peer = await runTask("bench:faces", ["--data=tests", "--peers=opencv"]);
  assertMatch(peer.stderr, /^error: There is no peer "opencv"/);
  await withFolder(async (folder) => {
    const { code, stderr } = await runTask("bench:faces", ["--data", folder]);
    assertEquals(code, 1);
    assertMatch(stderr, /there is no JPEG or PNG file in it/);
  });
});
