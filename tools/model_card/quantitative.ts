/**
 * The card's figures.
 *
 * @module
 */
import { type ReadingFigures, readingsTable } from "../../bench/readings/figures.ts";
import { facesText } from "../faces_figures/text.ts";
import { count, milliseconds, percent, range, table } from "./markdown.ts";
import type { CardComparison, CardContestant, CardSources } from "./sources.ts";

/** What the figures of other people's pictures are of. */
const OTHERS =
  "Photographs that nobody chose for this network, by the whole chain: the recognizer " +
  "finds faces, cuts them out, and refuses those that are too poor; `deno task bench:faces` counts, " +
  "beside others in the same run.";

const nameOf = ({ name, tta, isOurs }: CardContestant): string =>
  (isOurs ? "this network" : `@vladmandic/${name}`) + (tta ? ", test-time augmentation" : "");

function accuracyTable({ plain, augmented, others }: CardComparison): string {
  const rows = [plain, augmented, ...others].map((each) => {
    const { accuracy, accuracyInterval, macroF1, macroF1Interval, leakFree } = each.evaluation;
    return [
      nameOf(each),
      percent(accuracy),
      range(accuracyInterval),
      percent(macroF1),
      range(macroF1Interval),
      percent(leakFree.accuracy),
      range(leakFree.accuracyInterval),
    ];
  });
  return table(
    ["network", "accuracy", "95 %", "macro-F1", "95 %", "accuracy, not in Training", "95 %"],
    rows,
  );
}

function classTable({ evaluation }: CardContestant): string {
  return table(
    ["class", "precision", "recall", "F1", "images"],
    evaluation.perClass.map(({ name, precision, recall, f1, support }) => [
      name,
      percent(precision),
      percent(recall),
      percent(f1),
      count(support),
    ]),
  );
}

function confusionTable({ evaluation }: CardContestant, classes: readonly string[]): string {
  return table(
    ["true \\ predicted", ...classes],
    evaluation.confusion.map((row, k) => [classes[k], ...row.map(count)]),
  );
}

function calibrationTable({ evaluation }: CardContestant): string {
  return table(
    ["confidence", "images", "mean confidence", "right"],
    evaluation.reliability.filter((bin) => bin.count > 0).map((bin) => [
      `${percent(bin.lower, 0)} to ${percent(bin.upper, 0)}`,
      count(bin.count),
      percent(bin.confidence),
      percent(bin.accuracy),
    ]),
  );
}

function costTable({ plain, augmented, others }: CardComparison): string {
  return table(
    ["network", "computes on", "ms alone", "ms among 64", "MB", "parameters"],
    [plain, augmented, ...others].flatMap((each) =>
      each.times.map(({ backend, adapter, image1Ms, image64Ms }) => [
        nameOf(each),
        backend === "webgpu" ? `WebGPU, ${adapter}` : adapter,
        milliseconds(image1Ms),
        milliseconds(image64Ms),
        (each.bytes / 1e6).toFixed(2),
        count(each.parameters),
      ])
    ),
  );
}

/** What rounding to F16 costs, against the scores that training left. */
function roundingText({ unrounded, publicTest: { plain } }: CardSources): string {
  const points = (from: number, to: number) => {
    const value = 100 * (to - from);
    return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(2)} points`;
  };
  const rounded = plain.evaluation;
  return [
    table(
      ["weights", "accuracy", "macro-F1", "cross-entropy"],
      [
        ["F32, as trained", unrounded.accuracy, unrounded.macroF1, unrounded.loss] as const,
        ["F16, as packaged", rounded.accuracy, rounded.macroF1, rounded.loss] as const,
      ].map(([name, accuracy, macroF1, loss]) => [
        name,
        percent(accuracy, 2),
        percent(macroF1, 2),
        loss.toFixed(4),
      ]),
    ),
    "",
    `Rounding changes accuracy by ${points(unrounded.accuracy, rounded.accuracy)} and macro-F1 ` +
    `by ${points(unrounded.macroF1, rounded.macroF1)} on the same ${count(rounded.n)} images.`,
  ].join("\n");
}

function seedText({ seeds }: CardSources): string {
  const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
  const points = (value: number) => `${(100 * value).toFixed(1)} points`;
  const rows = seeds.map(({ seed, accuracy, macroF1 }) => [
    String(seed),
    percent(accuracy),
    percent(macroF1),
  ]);
  const remark = seeds.length === 1
    ? "The recipe was run with one seed: how much of the accuracy is luck is not known."
    : `From the worst to the best seed it is ${points(spread(seeds.map((s) => s.accuracy)))} of ` +
      `accuracy and ${points(spread(seeds.map((s) => s.macroF1)))} of macro-F1.`;
  return [
    table(["seed", "accuracy", "macro-F1"], rows),
    "",
    `F32 weights, PublicTest, no test-time augmentation. ${remark}`,
  ].join("\n");
}

function comparisonText(comparison: CardComparison): string[] {
  const { source, usage, plain, missing, augmented } = comparison;
  const { n, leakFree, top2, balancedAccuracy } = plain.evaluation;
  return [
    `### Accuracy on ${usage}`,
    "",
    `${count(n)} images of ${source}; ${count(leakFree.n)} of them have pixels that are not in ` +
    "Training too. Intervals of accuracy are Wilson's score intervals, those of macro-F1 are " +
    "percentiles over bootstrap resamples; both speak of the choice of images, not of the training.",
    "",
    accuracyTable(comparison),
    "",
    `The right class is among the two likeliest for ${percent(top2)} of the images ` +
    `(${percent(augmented.evaluation.top2)} with test-time augmentation); the mean recall of the ` +
    `classes is ${percent(balancedAccuracy)} (${
      percent(augmented.evaluation.balancedAccuracy)
    }). Test-time augmentation is the mean over an image, the same a twelfth smaller and a ` +
    "twelfth larger, and their mirror images: `--tta`, `{ tta: true }`.",
    ...missing.filter(({ name }) => !name.startsWith("packaged")).flatMap(({ name, why }) => [
      "",
      `${name} is missing here: ${why}`,
    ]),
  ];
}

const READINGS =
  "Beside the labels' output the network has one that learned the votes of FER+ (Barsoum et al., 2016), " +
  "ten people's for each image, in eight classes. `labels` says which is read, `both` multiplies them; " +
  '`priors: "uniform"` divides out how frequent each class was in Training (Saerens et al., 2002). ' +
  "FER-2013's own accuracy is that of the labels' output with training's priors. `predict` and " +
  "`evaluate` read so; the recognizer reads both with uniform priors, since other people's faces are " +
  "not distributed as FER-2013's are.";

const VOTERS =
  "The same images by the class of most of FER+'s voters, after Barsoum et al. (2016): single votes " +
  "dropped, images without a majority or that most took for no face left out. Their VGG13 of 8.7 " +
  "million weights is right about 85.0 % of its test split, another split than this one.";

/** What each output does, with each prior. */
function readingsText({ usage, machine, readings }: ReadingFigures): string[] {
  const of = (target: string) => readings.filter((each) => each.target === target);
  const [own, voters] = [of("fer2013"), of("ferplus")];
  const { ece } = voters.find(({ priors, tta }) => priors === "training" && !tta) ?? voters[0];
  return [
    `### Two outputs, and how they are read, on ${usage}`,
    "",
    READINGS,
    "",
    `${count(own[0].n)} images by FER-2013's labels:`,
    "",
    readingsTable(own),
    "",
    `${VOTERS} ${count(voters[0].n)} images:`,
    "",
    readingsTable(voters),
    "",
    `The expected calibration error of the votes' output is ${percent(ece)}. ` +
    `${machine.adapter}, Deno ${machine.deno}, ${machine.date.slice(0, 10)}: ` +
    "`deno task bench:readings`.",
  ];
}

/** What the temperature does. */
function temperatureText({ uncalibrated, evaluation }: CardContestant): string[] {
  if (!uncalibrated) return [];
  return [
    `The network's logits are divided by ${uncalibrated.temperature.toFixed(3)}, fitted on ` +
    "PublicTest and stored in its file. Without it the expected calibration error would be " +
    `${percent(uncalibrated.ece)} instead of ${percent(evaluation.ece)}, the cross-entropy ` +
    `${uncalibrated.loss.toFixed(3)} instead of ${
      evaluation.loss.toFixed(3)
    }; which class is the ` +
    "likeliest does not change.",
    "",
  ];
}

/** Class by class, as the network predicts unless told otherwise. */
function detailText(comparison: CardComparison, classes: readonly string[]): string[] {
  const { usage, plain, augmented } = comparison;
  return [
    `### Class by class on ${usage}`,
    "",
    "Without test-time augmentation.",
    "",
    classTable(plain),
    "",
    `### Confusion matrix on ${usage}`,
    "",
    "Rows are the labels, columns what the network says; without test-time augmentation.",
    "",
    confusionTable(plain, classes),
    "",
    `### Calibration on ${usage}`,
    "",
    ...temperatureText(plain),
    `The expected calibration error over ${plain.evaluation.reliability.length} bins is ` +
    `${percent(plain.evaluation.ece)} (${percent(augmented.evaluation.ece)} with test-time ` +
    `augmentation), the cross-entropy ${plain.evaluation.loss.toFixed(3)} ` +
    `(${augmented.evaluation.loss.toFixed(3)}). How often the likeliest class is right, by how ` +
    "sure the network is of it, without test-time augmentation:",
    "",
    calibrationTable(plain),
  ];
}

/**
 * The section of quantitative analyses, without its heading.
 *
 * @param sources The facts.
 */
export function quantitativeAnalyses(sources: CardSources): string {
  const { publicTest, privateTest, classes, bestEpoch, run, selection } = sources;
  const { machine } = publicTest;
  return [
    `The weights are those of ${selection}: epoch ${bestEpoch} of ${run.epochs}. So PublicTest's ` +
    "figures are validation figures: a little flattered, by this choice and by the choice of the " +
    "recipe.",
    "",
    ...(privateTest
      ? comparisonText(privateTest)
      : ["PrivateTest, the test split, has not been looked at: there are no test figures yet."]),
    "",
    ...comparisonText(publicTest),
    "",
    ...(sources.readings ? [...readingsText(sources.readings), ""] : []),
    ...detailText(privateTest ?? publicTest, classes),
    "",
    "### Seeds",
    "",
    seedText(sources),
    "",
    "### What rounding costs",
    "",
    roundingText(sources),
    "",
    "### Cost of an image",
    "",
    "From its pixels to its probabilities, timed in turns: compare within the table, for the machine " +
    `may have had other work beside; ${machine.cores} cores, ` +
    `Deno ${machine.deno}, ${machine.date}.`,
    "",
    costTable(publicTest),
    ...(sources.faces
      ? ["", "### On other people's pictures", "", OTHERS, "", facesText(sources.faces)]
      : []),
  ].join("\n");
}
