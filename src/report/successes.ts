/**
 * The images that the network is rightly sure of.
 *
 * @module
 */
import { predictedLabels } from "../metrics/probabilities.ts";
import { type Explainer, showFaces, type ShownFace } from "./faces.ts";
import { type Html, html } from "./html.ts";
import type { Predictions } from "./predictions.ts";
import { missing, section } from "./section.ts";
import { count, percent } from "./wording.ts";

const TITLE = "Surest successes";

/** Of each class that has one, the right prediction with the highest probability. */
function successesOf({ probabilities, dataset }: Predictions): ShownFace[] {
  const { labels, classes } = dataset;
  const guesses = predictedLabels(probabilities, classes.length);
  const best: (ShownFace | undefined)[] = classes.map(() => undefined);
  labels.forEach((truth, index) => {
    if (guesses[index] !== truth) return;
    const confidence = probabilities[index * classes.length + truth];
    if (confidence > (best[truth]?.confidence ?? -1)) {
      best[truth] = { index, truth, guess: truth, confidence };
    }
  });
  return best.filter((each) => each !== undefined);
}

/**
 * Of each class the right prediction that the network was surest of.
 *
 * @param predictions The probabilities, if they are at hand.
 * @param reason Why they are not, otherwise.
 * @param photos Whether to show the images; otherwise they are listed.
 * @param explain What to show beside each image, if anything.
 * @returns A section.
 */
export async function successesSection(
  predictions: Predictions | null,
  reason: string,
  photos: boolean,
  explain: Explainer | null,
): Promise<Html> {
  if (!predictions) {
    return section(
      "successes",
      TITLE,
      missing("The successes need the network's probabilities. ", reason),
    );
  }
  const { classes } = predictions.dataset;
  const successes = successesOf(predictions);
  const without = classes.filter((_, label) => successes.every(({ truth }) => truth !== label));
  const intro = html`<p>Of each class the right prediction that the network is surest of.${
    without.length > 0 && [" No image of ", without.join(", "), " is recognized."]
  }</p>`;
  if (successes.length === 0) return section("successes", TITLE, html`<p>There is none.</p>`);
  return section(
    "successes",
    TITLE,
    intro,
    await showFaces(successes, predictions, {
      photos,
      explain,
      caption: ({ truth, confidence }) => html`<b>${classes[truth]} ${percent(confidence, 0)}</b>`,
      head: ["Class", { figure: "Image" }, { figure: "Confidence" }],
      row: ({ index, truth, confidence }) => [
        classes[truth],
        { figure: count(index + 1) },
        { figure: percent(confidence) },
      ],
    }),
  );
}
