/**
 * The confusion matrix and the epochs in figures. Runs in the browser.
 *
 * @module
 */
import { count, decimal, percent } from "../../report/wording.ts";
import type { EpochLine } from "../../runs/run_directory.ts";
import type { ConfusionFacts, DashboardState } from "../state.ts";
import type { PageElement } from "./browser.ts";
import { rate } from "./charts.ts";
import { byId, type Child, make, write } from "./elements.ts";

/**
 * A cell of a table whose figures line up.
 *
 * @param children What it holds.
 * @returns The cell.
 */
export function figure(...children: Child[]): PageElement {
  return make("td", { class: "figure" }, ...children);
}

/**
 * A cell of the confusion matrix.
 *
 * @param value Images.
 * @param total Images of the row.
 * @param isRight Whether they were taken for what they are.
 * @returns The cell, the darker the larger its share.
 */
export function cell(value: number, total: number, isRight: boolean): PageElement {
  const share = total > 0 ? value / total : 0;
  const made = make(
    "td",
    { class: isRight ? "hit" : "miss" },
    make("b", {}, count(value)),
    make("span", {}, percent(share, 0)),
  );
  made.style.setProperty("--rate", share.toFixed(3));
  return made;
}

/** A table that scrolls by itself; its rows are replaced, so that it keeps its place and focus. */
export class ScrollingTable {
  readonly #table: PageElement;

  constructor(parent: PageElement, label: string, className: string) {
    this.#table = make("table", { class: className });
    const scroll = { class: "scroll", role: "group", "aria-label": label, tabindex: 0 };
    parent.append(make("div", scroll, this.#table));
  }

  /**
   * Shows rows.
   *
   * @param caption What they are.
   * @param head The header's cells.
   * @param rows Each row's cells.
   */
  show(caption: string, head: readonly Child[], rows: ReadonlyArray<readonly Child[]>): void {
    this.#table.replaceChildren(
      make("caption", {}, make("span", {}, caption)),
      make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row))),
    );
  }
}

/** The confusion matrix of the last validation. */
export class ConfusionView {
  #table: ScrollingTable | null = null;
  #shown: ConfusionFacts | null = null;

  /**
   * Shows it, where there is one.
   *
   * @param state All that is known.
   */
  show({ confusion, plan, predictions }: DashboardState): void {
    if (!confusion || !plan || confusion === this.#shown) return;
    this.#shown = confusion;
    const { classes } = plan;
    const { counts, epoch } = confusion;
    this.#table ??= new ScrollingTable(byId("confusion-table"), "Confusion matrix", "confusion");
    this.#table.show(
      "Validation images: a row is a true class, a column what it was taken for; the percentages " +
        "are of the row",
      [
        make("td", {}),
        ...classes.map((name) => make("th", { scope: "col" }, name)),
        make("th", { scope: "col", class: "figure" }, "all"),
      ],
      counts.map((row, truth) => {
        const total = row.reduce((sum, each) => sum + each, 0);
        return [
          make("th", { scope: "row" }, classes[truth]),
          ...row.map((value, guess) => cell(value, total, truth === guess)),
          figure(count(total)),
        ];
      }),
    );
    const when = predictions
      ? `After epoch ${count(epoch)}.`
      : `Of the best validation before this start, after epoch ${count(epoch)}.`;
    write(byId("confusion-note"), `${when} ${this.#worst(counts, classes)}`);
  }

  #worst(counts: ConfusionFacts["counts"], classes: readonly string[]): string {
    let [most, words] = [0, "There is no mistake."];
    counts.forEach((row, truth) =>
      row.forEach((value, guess) => {
        if (truth === guess || value <= most) return;
        most = value;
        words = `The commonest mistake: ${classes[truth]} taken for ${classes[guess]}, ` +
          `${count(value)} times.`;
      })
    );
    return words;
  }
}

/** Every validation in figures. */
export class EpochTable {
  #table: ScrollingTable | null = null;
  #shown: readonly EpochLine[] | null = null;

  /**
   * Shows them, the last first.
   *
   * @param state All that is known.
   */
  show({ epochs }: DashboardState): void {
    if (epochs === this.#shown) return;
    this.#shown = epochs;
    this.#table ??= new ScrollingTable(byId("figures"), "Every epoch", "");
    const head = [
      "Epoch",
      "Training loss",
      "Validation loss",
      "Training accuracy",
      "Validation accuracy",
      "Macro-F1",
      "Learning rate",
      "Images a second",
    ];
    const isDouble = epochs.some((line) => line.ferPlus);
    if (isDouble) head.push("FER+ accuracy", "FER+ macro-F1");
    const best = epochs.findLast((line) => line.best);
    this.#table.show(
      epochs.length > 0 ? "Every validation, the last one first" : "No validation yet",
      head.map((name) => make("th", { scope: "col", class: "figure" }, name)),
      [...epochs].reverse().map((line) => [
        make(
          "th",
          { scope: "row", class: "figure" },
          `${line.epoch}${line.partial ? " (part)" : ""}${line === best ? " (best)" : ""}`,
        ),
        figure(decimal(line.trainLoss)),
        figure(decimal(line.valLoss)),
        figure(percent(line.trainAccuracy)),
        figure(percent(line.valAccuracy)),
        figure(decimal(line.valMacroF1)),
        figure(rate(line.lr)),
        figure(count(Math.round(line.imagesPerSecond))),
        ...(isDouble
          ? [figure(percent(line.ferPlus?.valAccuracy)), figure(decimal(line.ferPlus?.valMacroF1))]
          : []),
      ]),
    );
  }
}
