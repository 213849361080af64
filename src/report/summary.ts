/**
 * The report's first lines: which run, and how good.
 *
 * @module
 */
import type { Evaluation } from "../metrics/evaluation.ts";
import type { ConfidenceInterval } from "../metrics/interval.ts";
import type { EpochLine, MetricsLine } from "../runs/run_directory.ts";
import { type Content, type Html, html } from "./html.ts";
import { objectIn, type Run } from "./run_folder.ts";
import { count, decimal, duration, percent, plural, UNKNOWN } from "./wording.ts";

/**
 * The epochs among the lines of `metrics.jsonl`.
 *
 * @param metrics The lines.
 * @returns Those that end an epoch.
 */
export function epochsOf(metrics: readonly MetricsLine[]): EpochLine[] {
  return metrics.filter((line): line is EpochLine => line.type === "epoch");
}

function tile(name: string, value: string, note: Content): Html {
  return html`
    <div class="tile">
      <dt>${name}</dt>
      <dd><b>${value}</b> <span>${note}</span></dd>
    </div>
  `;
}

function range([low, high]: ConfidenceInterval, write: (value: number) => string): string {
  return `95% interval ${write(low)} to ${write(high)}`;
}

/**
 * The heading and the key figures.
 *
 * @param run The run.
 * @param evaluation Its best epoch on the validation data, if that is known.
 * @returns The page's header.
 */
export function summary(run: Run, evaluation: Evaluation | null): Html {
  const data = objectIn(run.config, "data");
  const machine = objectIn(run.config, "machine");
  const epochs = epochsOf(run.metrics);
  const best = epochs.findLast((epoch) => epoch.best);
  const last = run.metrics.at(-1);
  const planned = objectIn(run.config, "config").epochs;
  const started = run.config?.startedAt;
  const origin = [
    typeof data.source === "string" && html`on <b>${data.source}</b>`,
    typeof machine.adapter === "string" && html`by ${machine.adapter}`,
    typeof started === "string" &&
    html`begun <time datetime="${started}">${started.slice(0, 16).replace("T", " ")} UTC</time>`,
  ].filter((each) => each !== false);
  const leakFree = evaluation?.leakFree;
  return html`
    <header>
      <p class="kind">Training report</p>
      <h1>${run.name}</h1>
      <p class="origin">${origin.map((each, at) => [at > 0 && ", ", each])}</p>
      <dl class="tiles">
    ${tile(
      "Accuracy",
      percent(evaluation?.accuracy ?? best?.valAccuracy),
      evaluation
        ? `${range(evaluation.accuracyInterval, percent)}, ${
          plural(evaluation.n, "validation image")
        }`
        : best
        ? `validation, epoch ${count(best.epoch)}`
        : "no validation yet",
    )}${tile(
      "Macro-F1",
      decimal(evaluation?.macroF1 ?? best?.valMacroF1),
      evaluation
        ? range(evaluation.macroF1Interval, decimal)
        : best
        ? `validation, epoch ${count(best.epoch)}`
        : "no validation yet",
    )}${tile(
      "Leak-free accuracy",
      percent(leakFree?.accuracy),
      leakFree
        ? `the ${plural(leakFree.n, "image")} whose pixels are not in the training split`
        : "not known",
    )}${tile(
      "Epochs",
      count(epochs.length),
      [
        typeof planned === "number" && `of ${count(planned)} at most`,
        best && `best: ${count(best.epoch)}`,
      ].filter(Boolean).join(", ") || "none has ended yet",
    )}${tile(
      "Time",
      duration(last?.seconds),
      last ? `${plural(last.step, "step")}` : UNKNOWN,
    )}
      </dl>
    </header>
  `;
}
