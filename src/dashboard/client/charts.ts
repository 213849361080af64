/**
 * Loss, scores, learning rate and speed as curves. Runs in the browser.
 *
 * @module
 */
import { count, decimal, percent } from "../../report/wording.ts";
import type { EpochLine } from "../../runs/run_directory.ts";
import type { DashboardState, StepPoint } from "../state.ts";
import { byId } from "./elements.ts";
import { type Curve, LineChart } from "./line_chart.ts";

/**
 * A learning rate as people read it.
 *
 * @param value The rate.
 * @returns For instance `0.02` or `2.5e-5`.
 */
export function rate(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return rounded !== 0 && Math.abs(rounded) < 1e-2 ? rounded.toExponential() : String(rounded);
}

/** The four charts. */
export class Charts {
  readonly #loss = new LineChart("Loss", { format: (value) => decimal(value) });
  readonly #scores = new LineChart("Scores", { format: (value) => percent(value) });
  readonly #lr = new LineChart("Learning rate", { format: rate, fromZero: true });
  readonly #speed = new LineChart("Images a second", {
    format: (value) => count(value < 10 ? Number(value.toPrecision(2)) : Math.round(value)),
    fromZero: true,
  });

  constructor() {
    const all = [this.#loss, this.#scores, this.#lr, this.#speed];
    byId("charts").append(...all.map(({ element }) => element));
  }

  /**
   * Draws them.
   *
   * @param state All that is known.
   */
  show({ plan, steps, epochs }: DashboardState): void {
    const batches = plan?.batches ?? 1;
    const bySteps = (value: (point: StepPoint) => number): Curve["points"] =>
      steps.map((point) => [point.step / batches, value(point)] as const);
    const byEpochs = (value: (line: EpochLine) => number): Curve["points"] =>
      epochs.map((line) => [line.step / batches, value(line)] as const);
    const best = epochs.findLast((line) => line.best);
    const bestAt = best ? best.step / batches : null;
    this.#loss.show([
      { name: "validation", colour: "first", points: byEpochs((line) => line.valLoss) },
      { name: "training", colour: "second", isThin: true, points: bySteps((point) => point.loss) },
    ], bestAt);
    this.#scores.show([
      { name: "accuracy", colour: "first", points: byEpochs((line) => line.valAccuracy) },
      { name: "macro-F1", colour: "third", points: byEpochs((line) => line.valMacroF1) },
      {
        name: "training",
        colour: "second",
        isThin: true,
        points: byEpochs((line) => line.trainAccuracy),
      },
      ...(epochs.some((line) => line.ferPlus)
        ? [{
          name: "FER+ accuracy",
          colour: "fourth" as const,
          points: byEpochs((line) => line.ferPlus?.valAccuracy ?? NaN),
        }]
        : []),
    ], bestAt);
    this.#lr.show(
      [
        { name: "", colour: "first", points: bySteps((point) => point.lr) },
      ],
      null,
      {
        format: rate,
        fromZero: true,
        // This schedule divides by ten; the others go to 0.
        isLogarithmic: plan?.scheduler === "plateau",
      },
    );
    this.#speed.show([
      { name: "", colour: "first", points: bySteps((point) => point.imagesPerSecond) },
    ], null);
  }
}
