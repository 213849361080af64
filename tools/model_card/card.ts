/**
 * The model card, in the sections of Mitchell et al., "Model Cards for Model Reporting" (2019).
 *
 * Its figures come from the sources, all of them; what is typed here is what figures do not say.
 *
 * @module
 */
import { frontMatter } from "./front_matter.ts";
import { count, duration, percent, table } from "./markdown.ts";
import { quantitativeAnalyses } from "./quantitative.ts";
import type { CardRun, CardSources, CardSplit } from "./sources.ts";

const TITLE = "FerNet";

/** What is known of the project. */
export interface CardProject {
  /** An SPDX identifier. */
  readonly license: string;
  /** The library's name. */
  readonly library: string;
}

/** A command as a shell takes it. */
function shell(words: readonly string[]): string {
  return words.map((word) => /^[\w./:=,+@-]+$/.test(word) ? word : `'${word}'`).join(" ");
}

function details(sources: CardSources, { library, license }: CardProject): string {
  const { publicTest: { plain }, weights, architecture, size, classes } = sources;
  return [
    `A convolutional network that tells ${classes.length} facial expressions apart in an image ` +
    `filled by one face: ${classes.join(", ")}.`,
    "",
    table(["", ""], [
      ["architecture", `\`${architecture}\`, ${count(plain.parameters)} parameters`],
      ["input", `one face, made grey and resized to ${size}x${size}`],
      [
        "output",
        `a probability for each of the ${classes.length} classes` +
        (sources.readings ? ", and for each of FER+'s eight" : ""),
      ],
      ["weights", `${count(weights.bytes)} bytes of safetensors, F16`],
      ["SHA-256", `\`${weights.sha256}\``],
      ["library", `${library} ${sources.libraryVersion}`],
      ["trained", `${sources.startedAt.slice(0, 10)}, run \`${sources.run.name}\``],
      ["license", license],
    ]),
    "",
    "All figures of the network and of its data are written by `deno task model-card` from the files " +
    "that training and evaluation left; none is typed.",
  ].join("\n");
}

const INTENDED_USE = `
**Meant for** teaching and research on facial expression recognition, as a baseline to compare with,
as a start for fine-tuning, and for software in which people play with their own face and see at once
what the network makes of it.

**For** people who know what a confusion matrix is, and who look at theirs before they rely on one.

**Not meant for**, and not to be used for:

- **Work and education.** In the European Union it is forbidden to place on the market, put into
  service or use an AI system that infers emotions of people at the workplace or in education, except
  for medical or safety reasons: Regulation (EU) 2024/1689 (AI Act), Article 5(1)(f), which applies
  since 2 February 2025. This covers applicants, employees, pupils, students and examinees.
- **Any other emotion recognition in the EU without its duties.** It is high-risk under Article 6(2)
  and Annex III, point 1(c); those exposed to it have to be told, Article 50(3). Photographs of people
  are personal data under Regulation (EU) 2016/679 (GDPR), and biometric data, Article 9, where they
  are used to identify somebody. Other countries have laws of their own.
- **Decisions about people**: hiring, credit, insurance, medicine, therapy, policing, border control,
  access, advertising, lie detection, driving.
- **Watching people** who do not know or did not agree, in public or in private.
- **Saying what somebody feels.** The network puts into classes what a face looks like. How well a
  face tells a feeling differs by person, culture and situation (Barrett et al., "Emotional Expressions
  Reconsidered", 2019).
`.trim();

const FACTORS = `
**Groups.** FER-2013 says nothing of anybody's age, gender, skin or origin. Accuracy by group could not
be measured, so nothing is claimed for any group; it is to be expected that it differs, as it does for
networks trained on data gathered the same way.

**Instrumentation.** The photographs come from the web, of all ages of cameras, scaled down and made
grey. Other sensors, infrared, video frames with motion blur and drawings are outside of what the
network has seen.

**Environment.** Faces were cut out automatically, and centred. A face that is cut out otherwise,
turned, covered by a hand, a mask or glasses, or lit from the side is recognized less well. The network
has no class for "no face" and none for "something else": it gives its probabilities for anything.
`.trim();

const METRICS = `
**Accuracy** is the share of images whose likeliest class is the label; **macro-F1** is the mean F1 of the
classes, so that rare classes count as much as frequent ones, and it chose the weights. **Not in
Training** counts only images whose pixels Training does not have. **Expected calibration error** is the
mean distance between how sure the network is and how often it is right (Guo et al., 2017). No
threshold is applied: the likeliest class is the answer, however unsure.
`.trim();

const TRAINING_DATA = `
**FER-2013** (Goodfellow et al., "Challenges in Representation Learning: A report on three machine
learning contests", 2013): grey faces that were found by a web image search for words of emotions
together with words of gender, age and ethnicity, cut out automatically, and labelled by people.

**Who is in it.** People on the web before 2013: many actors, public figures and models of
stock photographs, and acted faces rather than felt ones. Nobody was asked, and nobody is described;
who is missing cannot be told from the data. The photographs are not part of this package.

**Labels.** Each image has one label of few people, and many are wrong or could be another: its authors
put the accuracy of people at 65 ± 5 %. The labels set a limit to what any network can reach on them,
and to what these figures mean.
`.trim();

const ETHICS = `
- **Consent.** Those in the photographs did not agree to be in this data set. The weights hold no
  photographs.
- **Harm by mistakes.** Somebody taken for angry or afraid who is not may be treated as if they were.
  Mistakes are frequent; see the table of each class.
- **Harm by success.** A network that is right more often makes it easier to watch people. It runs on
  the user's machine and sends nothing anywhere; those who build on it are asked to keep it so.
- **Groups.** Fairness was not measured, because the data does not allow it. Measure it on people
  like those that you build for, before you build.
- **Stereotypes.** The searches that gathered the data tied emotions to words of gender, age and
  ethnicity; so may the network.
`.trim();

const CAVEATS = `
- Evaluate on your own images, labelled by several people, before you rely on it: \`deno task evaluate
  --data FOLDER\`.
- Take probabilities as they are: calibrated on this data; on other data they are not. Leave room for
  "not sure".
- Cut faces out as FER-2013 does: the face fills the square, from the eyebrows to the chin and a
  little more.
- Fine-tune with \`deno task train --init\` where your faces or classes are others.
`.trim();

function splitTable(splits: readonly CardSplit[], classes: readonly string[]): string {
  return table(
    ["split", "images", ...classes],
    splits.map(({ name, images, counts }) => [name, count(images), ...counts.map(count)]),
  );
}

function flaws({ data: { splits, leaks } }: CardSources): string {
  const lines = splits.map((split) =>
    `- ${split.name}: ${count(split.duplicateImages)} images are in ` +
    `${count(split.duplicateGroups)} groups of equal pixels, ${
      count(split.conflictingGroups)
    } of ` +
    "these groups with labels that contradict each other; images of one tone all over: " +
    `${count(split.blank)}.`
  );
  const shared = leaks.map(({ usage, into, images, sameLabel }) => {
    const share = images / (splits.find(({ name }) => name === usage)?.images ?? images);
    return `- ${count(images)} images of ${usage} (${percent(share)}) are in ${into} too, ` +
      `${count(sameLabel)} with the same label. Whoever learns ${into} by heart knows them.`;
  });
  return [...lines, ...shared].join("\n");
}

function timesText(runs: readonly CardRun[]): string {
  const each = runs.map(({ epochs, seconds, machine }) =>
    `${epochs} epochs in ${duration(seconds)} on ${machine.adapter}, ${machine.cores} cores.`
  );
  if (runs.length === 1) return each[0];
  const total = runs.reduce((sum, { epochs }) => sum + epochs, 0);
  return `${total} epochs in ${runs.length} runs: ${each.join(" Then, from its best weights, ")}`;
}

function training(sources: CardSources): string {
  const { settings, data, run, earlier, classes } = sources;
  const rows = Object.entries(settings)
    .filter(([name, value]) => name !== "data" && value !== null)
    .map(([name, value]) => [`\`${name}\``, typeof value === "string" ? value : String(value)]);
  return [
    TRAINING_DATA,
    "",
    "**Flaws that can be counted:**",
    "",
    splitTable(data.splits, classes),
    "",
    flaws(sources),
    "",
    `**Training.** ${count(data.trainingImages)} images of Training and their labels${
      sources.readings ? ", in the last run FER+'s votes on them too" : ""
    }, nothing else: no other data, no pretrained weights. ${
      timesText([...earlier, run])
    } The settings${earlier.length > 0 ? " of the last run" : ""}:`,
    "",
    table(["setting", "value"], rows),
  ].join("\n");
}

function evaluationData({ data, publicTest, privateTest }: CardSources): string {
  return [
    `**PublicTest**, ${
      count(data.validationImages)
    } images of FER-2013: the validation split, which ` +
    "chose the epoch, the recipe and the views of test-time augmentation.",
    privateTest
      ? `**PrivateTest**, ${
        count(privateTest.plain.evaluation.n)
      } images: the test split, opened ` +
        "once, when everything had been chosen."
      : "**PrivateTest**, the test split, is kept closed until everything has been chosen.",
    "",
    `Images are used as they are in ${publicTest.source}, all of them, with their flaws.`,
  ].join("\n");
}

function reproduction({ run, earlier, privateTest, readings }: CardSources): string {
  const bench = "deno task bench:accuracy --data fer2013.csv.gz --json --usage";
  return [
    "```sh",
    "export FER2013=fer2013.csv.gz",
    ...[...earlier, run].flatMap(({ command, fromPackaged }) => [
      ...(fromPackaged ? [`deno task package-weights runs/${fromPackaged}`] : []),
      shell(command),
    ]),
    `deno task package-weights runs/${run.name}`,
    `${bench} PublicTest > docs/runs/${run.name}/accuracy.json`,
    ...(privateTest ? [`${bench} PrivateTest > docs/runs/${run.name}/accuracy-private.json`] : []),
    ...(readings ? [`deno task bench:readings --json > docs/runs/${run.name}/readings.json`] : []),
    `deno task model-card --run docs/runs/${run.name}`,
    "```",
    "",
    "Training is seeded: with the same version, adapter and kernels it gives the same weights; with " +
    "others, rounding differs. The last command writes this card anew, to the same bytes.",
  ].join("\n");
}

/**
 * The card.
 *
 * @param sources The facts.
 * @param project What is known of the project.
 * @returns Markdown; the same bytes for the same arguments.
 */
export function renderCard(sources: CardSources, project: CardProject): string {
  const section = (title: string, text: string) => `## ${title}\n\n${text}`;
  return [
    frontMatter(sources, TITLE, project.license.toLowerCase()),
    `# ${TITLE}`,
    section("Model details", details(sources, project)),
    section("Intended use", INTENDED_USE),
    section("Factors", FACTORS),
    section("Metrics", METRICS),
    section("Evaluation data", evaluationData(sources)),
    section("Training data", training(sources)),
    section("Quantitative analyses", quantitativeAnalyses(sources)),
    section("Ethical considerations", ETHICS),
    section("Caveats and recommendations", CAVEATS),
    section("How to reproduce", reproduction(sources)),
  ].join("\n\n") + "\n";
}
