/**
 * `deno run -A bench/recognizer_framing.ts`: which square around the detector's box is the one that
 * FER-2013 would have cut out, and what it costs to miss it.
 *
 * Faces of PublicTest are put into pictures at known places, sizes and angles; the detector looks
 * for them; how the face's own square lies to the detector's box is FER-2013's framing. Then squares
 * of several framings are cut out and recognized, beside the faces' own images.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { print, runProgram, warn } from "../cli/program.ts";
import { cropOf, FRAMING, type Framing, middleOf, rollOf } from "../src/recognizer/alignment.ts";
import { cutOut } from "../src/recognizer/crop.ts";
import { detectFaces } from "../src/recognizer/detector.ts";
import type { DetectedFace, FaceCrop, Point } from "../src/recognizer/face.ts";
import { accuracyOf } from "./recognizer/accuracy.ts";
import { compose } from "./recognizer/composed.ts";
import { loadDetectors } from "./recognizer/detector.ts";
import { FACES_FLAGS, openFaces, percent } from "./recognizer/public_test.ts";
import { type Table, tableLines } from "./table.ts";

const COMMAND = {
  name: "bench/recognizer_framing",
  about: "Measure FER-2013's framing relative to the detector's box, on PublicTest.",
  flags: {
    ...FACES_FLAGS,
    seed: { kind: "integer", value: "N", min: 0, default: 42, about: "Of places and angles" },
  },
  examples: [
    "deno run -A bench/recognizer_framing.ts --data fer2013.csv.gz --model model.safetensors",
  ],
} as const satisfies Command;

/** A face of the data set that the detector found where it was put. */
interface Found {
  readonly index: number;
  readonly face: DetectedFace;
  readonly truth: FaceCrop;
  /** The same face's square by each framing, cut out. */
  readonly cuts: readonly Uint8Array[];
}

/** How the faces are put into pictures. */
const ANGLES = [0, 15, 30] as const;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};
/** The median, and how far half of the values are from it at the most. */
const spread = (values: readonly number[], digits: number): string => {
  const middle = median(values);
  const off = median(values.map((value) => Math.abs(value - middle)));
  return `${middle.toFixed(digits)} ± ${off.toFixed(digits)}`;
};

/** How a face's own square lies to what the detector says, in the terms of a framing. */
function framingOf({ face, truth }: Pick<Found, "face" | "truth">) {
  const side = Math.sqrt(face.box.width * face.box.height);
  const roll = rollOf(face) * Math.PI / 180;
  const beside = ({ x, y }: Point) => {
    const [dx, dy] = [truth.x - x, truth.y - y];
    return {
      right: (dx * Math.cos(roll) + dy * Math.sin(roll)) / side,
      up: (dx * Math.sin(roll) - dy * Math.cos(roll)) / side,
    };
  };
  const { x, y, width, height } = face.box;
  return {
    scale: truth.size / side,
    box: beside({ x: x + width / 2, y: y + height / 2 }),
    middle: beside(middleOf(face)),
    lean: rollOf(face) - truth.rotation,
  };
}

const framings: readonly (readonly [name: string, Framing])[] = [
  ["the library's framing", FRAMING],
  ...[0.8, 0.9, 1.1, 1.2, 1.35, 1.5].map((factor) =>
    [`${factor} of its side`, { ...FRAMING, scale: FRAMING.scale * factor }] as const
  ),
  ...[0.1, -0.1].map((by) =>
    [`a tenth of the box ${by < 0 ? "lower" : "higher"}`, {
      ...FRAMING,
      up: FRAMING.up + by,
    }] as const
  ),
  ...[0, 5, 10, 20, Infinity].filter((slack) => slack !== FRAMING.slack).map((slack) =>
    [
      slack === Infinity
        ? "never turned"
        : slack === 0
        ? "always turned"
        : `turned beyond ${slack}°`,
      { ...FRAMING, slack },
    ] as const
  ),
];

await runProgram(COMMAND, async ({ seed, markdown, ...given }) => {
  const { split, count, model, name } = await openFaces(given);
  const detectors = await loadDetectors();
  const { size } = split;
  const accuracy = (indices: readonly number[], images: readonly Uint8Array[]) =>
    accuracyOf(model, split, indices, images);

  const fits: string[][] = [[
    "angles",
    "found",
    "side",
    "right",
    "down",
    "eyes' lean beside truth",
  ]];
  const rows: string[][] = [["framing", ...ANGLES.map((angle) => `±${angle}°`)]];
  const columns: number[][] = [];
  for (const angle of ANGLES) {
    const found: Found[] = [];
    for (let index = 0; index < count; index++) {
      const { image, truth } = compose(
        split.image(index),
        { side: [96, 240], angle },
        seed,
        index,
      );
      const [[face]] = await detectFaces(detectors, [image], {
        minScore: 0.5,
        maxFaces: 1,
        minSize: 90,
        maxLooks: 4,
      });
      if (!face) continue;
      const { x, y, width, height } = face.box;
      const off = Math.hypot(x + width / 2 - truth.x, y + height / 2 - truth.y);
      if (off > truth.size / 2) continue;
      const crops = [truth, ...framings.map(([, framing]) => cropOf(face, framing))];
      const cuts = crops.map((crop) => cutOut(image, crop, size).data as Uint8Array);
      found.push({ index, face, truth, cuts });
      if (index % 100 === 99) warn(`±${angle}°: ${index + 1} of ${count}`);
    }
    const fit = found.map(framingOf);
    fits.push([
      `±${angle}°`,
      `${percent(found.length / count)} %`,
      spread(fit.map(({ scale }) => scale), 3),
      spread(fit.map(({ box }) => box.right), 3),
      spread(fit.map(({ box }) => box.up), 3),
      spread(fit.map(({ middle }) => middle.right), 3),
      spread(fit.map(({ middle }) => middle.up), 3),
      `${spread(fit.map(({ lean }) => lean), 1)}°`,
    ]);
    const indices = found.map(({ index }) => index);
    const column = [
      await accuracy(indices, indices.map((index) => split.image(index).data as Uint8Array)),
    ];
    for (let i = 0; i <= framings.length; i++) {
      column.push(await accuracy(indices, found.map(({ cuts }) => cuts[i])));
    }
    columns.push(column);
  }
  const names = ["the original image", "the true square", ...framings.map(([name]) => name)];
  names.forEach((name, i) => rows.push([name, ...columns.map((column) => percent(column[i]))]));
  const tables: Table[] = [
    { heading: "The face's own square beside the detector's box (sides of the box)", rows: fits },
    { heading: "Accuracy in % of what was found", rows },
  ];
  print(
    `${count} faces of PublicTest in pictures of 640x480, sides of 96 to 240 pixels, seed ${seed}; ` +
      name,
  );
  for (const table of tables) {
    for (const line of tableLines(table, markdown ? "markdown" : "plain")) print(line);
  }
});
