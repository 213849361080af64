/**
 * The images that the network is most wrong about.
 *
 * @module
 */
import { predictedLabels } from "../metrics/probabilities.ts";
import { type Html, html } from "./html.ts";
import { greyPngUri } from "./png.ts";
import type { Predictions } from "./predictions.ts";
import { missing, section, table } from "./section.ts";
import { count, percent } from "./wording.ts";

const TITLE = "Worst mistakes";

/** How many are shown. */
const SHOWN = 24;

/** An image that was taken for what it is not. */
interface Mistake {
  /** Its place in the data set, from 0. */
  readonly index: number;
  /** The name of its class. */
  readonly truth: string;
  /** The name of the class that it was taken for. */
  readonly guess: string;
  /** The probability of that class. */
  readonly confidence: number;
  /** The probability of its own class. */
  readonly own: number;
}

function mistakesOf({ probabilities, dataset }: Predictions): Mistake[] {
  const { labels, classes } = dataset;
  const guesses = predictedLabels(probabilities, classes.length);
  return Array.from(labels, (label, index) => ({
    index,
    truth: classes[label],
    guess: classes[guesses[index]],
    confidence: probabilities[index * classes.length + guesses[index]],
    own: probabilities[index * classes.length + label],
    isWrong: guesses[index] !== label,
  }))
    .filter((each) => each.isWrong)
    .sort((a, b) => a.own - b.own || b.confidence - a.confidence || a.index - b.index)
    .slice(0, SHOWN);
}

function photo(mistake: Mistake, { dataset }: Predictions): Html {
  const { data, width, height } = dataset.image(mistake.index);
  const { truth, guess, confidence } = mistake;
  return html`
    <li>
      <figure><img src="${greyPngUri(
        data,
        width,
        height,
      )}" alt="Face labelled ${truth}, taken for ${guess}" width="96" height="96"><figcaption><b>${truth}</b>
    <span>${guess} ${percent(confidence, 0)}</span> <small>image ${count(
      mistake.index + 1,
    )}</small></figcaption></figure>
    </li>
  `;
}

/**
 * The wrong predictions whose true class got the least probability.
 *
 * @param predictions The probabilities, if they are at hand.
 * @param reason Why they are not, otherwise.
 * @param photos Whether to show the images; otherwise they are listed.
 * @returns A section.
 */
export function mistakesSection(
  predictions: Predictions | null,
  reason: string,
  photos: boolean,
): Html {
  if (!predictions) {
    return section(
      "mistakes",
      TITLE,
      missing("The mistakes need the network's probabilities. ", reason),
    );
  }
  const mistakes = mistakesOf(predictions);
  if (mistakes.length === 0) return section("mistakes", TITLE, html`<p>There is none.</p>`);
  const intro = html`<p>The wrong predictions whose true class got the least probability: the label,
and what the network takes the face for. Some tell of the network, some of the labels.</p>`;
  if (photos) {
    return section(
      "mistakes",
      TITLE,
      intro,
      html`<ul class="photos">${mistakes.map((each) => photo(each, predictions))}</ul>`,
    );
  }
  return section(
    "mistakes",
    TITLE,
    intro,
    table(
      "Photographs were left out of this report; images count from 1 in the validation data",
      [
        { figure: "Image" },
        "Label",
        "Taken for",
        { figure: "Confidence" },
        { figure: "Label's probability" },
      ],
      mistakes.map((each) => [
        { figure: count(each.index + 1) },
        each.truth,
        each.guess,
        { figure: percent(each.confidence) },
        { figure: percent(each.own) },
      ]),
    ),
  );
}
