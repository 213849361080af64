/**
 * The images that the network is most wrong about.
 *
 * @module
 */
import { predictedLabels } from "../metrics/probabilities.ts";
import { type Explainer, showFaces, type ShownFace } from "./faces.ts";
import { type Html, html } from "./html.ts";
import type { Predictions } from "./predictions.ts";
import { missing, section } from "./section.ts";
import { count, percent } from "./wording.ts";

const TITLE = "Worst mistakes";

/** How many are shown. */
const SHOWN = 24;

/** An image that was taken for what it is not. */
interface Mistake extends ShownFace {
  /** The probability of its own class. */
  readonly own: number;
}

function mistakesOf({ probabilities, dataset }: Predictions): Mistake[] {
  const { labels, classes } = dataset;
  const guesses = predictedLabels(probabilities, classes.length);
  return Array.from(labels, (truth, index) => ({
    index,
    truth,
    guess: guesses[index],
    confidence: probabilities[index * classes.length + guesses[index]],
    own: probabilities[index * classes.length + truth],
  }))
    .filter(({ truth, guess }) => truth !== guess)
    .sort((a, b) => a.own - b.own || b.confidence - a.confidence || a.index - b.index)
    .slice(0, SHOWN);
}

/**
 * The wrong predictions whose true class got the least probability.
 *
 * @param predictions The probabilities, if they are at hand.
 * @param reason Why they are not, otherwise.
 * @param photos Whether to show the images; otherwise they are listed.
 * @param explain What to show beside each image, if anything.
 * @returns A section.
 */
export async function mistakesSection(
  predictions: Predictions | null,
  reason: string,
  photos: boolean,
  explain: Explainer | null,
): Promise<Html> {
  if (!predictions) {
    return section(
      "mistakes",
      TITLE,
      missing("The mistakes need the network's probabilities. ", reason),
    );
  }
  const mistakes = mistakesOf(predictions);
  if (mistakes.length === 0) return section("mistakes", TITLE, html`<p>There is none.</p>`);
  const { classes } = predictions.dataset;
  const intro = html`<p>The wrong predictions whose true class got the least probability: the label,
and what the network takes the face for. Some tell of the network, some of the labels.</p>`;
  return section(
    "mistakes",
    TITLE,
    intro,
    await showFaces(mistakes, predictions, {
      photos,
      explain,
      caption: ({ truth, guess, confidence }) =>
        html`
          <b>${classes[truth]}</b>
          <span>${classes[guess]} ${percent(confidence, 0)}</span>
        `,
      head: [
        { figure: "Image" },
        "Label",
        "Taken for",
        { figure: "Confidence" },
        { figure: "Label's probability" },
      ],
      row: (each) => [
        { figure: count(each.index + 1) },
        classes[each.truth],
        classes[each.guess],
        { figure: percent(each.confidence) },
        { figure: percent(each.own) },
      ],
    }),
  );
}
