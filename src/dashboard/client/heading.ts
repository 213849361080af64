/**
 * Which run, where it stands, its key figures. Runs in the browser.
 *
 * @module
 */
import { count, decimal, duration, percent, plural, UNKNOWN } from "../../report/wording.ts";
import type { DashboardState } from "../state.ts";
import { browser } from "./browser.ts";
import { rate } from "./charts.ts";
import { byId, type Child, make, write } from "./elements.ts";

/** A phase of the training: its name in the style sheet, and in words. */
type Phase = readonly [name: string, words: string];

/**
 * Bytes as people read them.
 *
 * @param value Bytes.
 * @returns For instance `412 MB`.
 */
export function bytes(value: number): string {
  return value < 1e9 ? `${count(Math.round(value / 1e6))} MB` : `${(value / 1e9).toFixed(2)} GB`;
}

/**
 * What the training is at.
 *
 * @param state All that is known; null before anything is.
 * @param isLost Whether the connection broke.
 * @returns The phase.
 */
export function phaseOf(state: DashboardState | null, isLost: boolean): Phase {
  const reasons: Readonly<Record<string, string>> = {
    epochs: "Ended: the last epoch is done",
    earlyStopping: "Ended: validation no longer improves",
    maxSteps: "Ended: the limit of steps is reached",
    maxMinutes: "Ended: the limit of minutes is reached",
    aborted: "Stopped",
  };
  if (state?.end) {
    const { stopped } = state.end;
    return stopped === null
      ? ["failed", "Ended early: its terminal says why"]
      : ["ended", reasons[stopped] ?? "Ended"];
  }
  if (isLost) return ["lost", "Connection lost; trying again"];
  if (!state) return ["starting", "Connecting"];
  if (!state.plan) return ["starting", "Preparing"];
  if (state.validating) return ["validating", "Validating"];
  return state.progress ? ["training", "Training"] : ["starting", "Taking the first steps"];
}

/** The page's head. */
export class Heading {
  /**
   * Writes it.
   *
   * @param state All that is known; null before anything is.
   * @param isLost Whether the connection broke.
   */
  show(state: DashboardState | null, isLost: boolean): void {
    const [phase, words] = phaseOf(state, isLost);
    const status = byId("status");
    status.dataset.phase = phase;
    write(status, words);
    if (!state) return;
    this.#showRun(state);
    this.#showPlace(state);
    this.#showTiles(state);
    const { progress, plan, run, end } = state;
    const where = end
      ? words.replace(/:.*/, "")
      : progress && plan
      ? `${percent(progress.step / (plan.epochs * plan.batches), 0)}, epoch ${progress.epoch}`
      : words;
    browser.document.title = `${where} – ${run.name}`;
  }

  #showRun({ run }: DashboardState): void {
    const { name, source, adapter, startedAt } = run;
    write(byId("name"), name);
    const parts: Child[][] = [];
    if (source !== null) parts.push(["on ", make("b", {}, source)]);
    if (adapter !== null) parts.push([`by ${adapter}`]);
    if (startedAt !== null) {
      const when = new Date(startedAt).toLocaleString(undefined, {
        dateStyle: "medium",
        timeStyle: "short",
      });
      parts.push(["begun ", make("time", { datetime: startedAt }, when)]);
    }
    byId("origin").replaceChildren(...parts.flatMap((part, at) => at > 0 ? [", ", ...part] : part));
  }

  #showPlace({ plan, progress, epochs, validating, secondsLeft }: DashboardState): void {
    byId("course").hidden = plan === null;
    if (!plan) return;
    const last = epochs[epochs.length - 1];
    const step = progress?.step ?? plan.resumedAt;
    byId("bar").setAttribute("value", String(step / (plan.epochs * plan.batches)));
    const epoch = progress?.epoch ?? Math.min(plan.epochs, Math.floor(step / plan.batches) + 1);
    const batch = progress?.batch ?? step % plan.batches;
    const place = [
      `Epoch ${count(epoch)} of ${count(plan.epochs)}`,
      validating
        ? `validating ${count(validating.done)} of ${plural(validating.total, "image")}`
        : `batch ${count(batch)} of ${count(plan.batches)}`,
    ];
    if (plan.resumedAt > 0) place.push(`went on at step ${count(plan.resumedAt)}`);
    write(byId("place"), place.join(", "));
    const seconds = progress?.seconds ?? last?.seconds;
    const time = seconds === undefined ? [] : [`${duration(seconds)} trained`];
    if (secondsLeft !== null) time.push(`${duration(secondsLeft)} left at most`);
    write(byId("time"), time.join(", "));
  }

  #showTile(id: string, value: string, note: string): void {
    write(byId(id), value);
    write(byId(`${id}-note`), note);
  }

  #showTiles({ plan, progress, steps, epochs, memory }: DashboardState): void {
    const last = epochs[epochs.length - 1];
    const best = epochs.findLast((line) => line.best);
    const point = steps[steps.length - 1];
    const loss = progress?.loss ?? last?.trainLoss;
    this.#showTile(
      "loss",
      decimal(loss),
      progress
        ? `epoch ${count(progress.epoch)} so far${
          last ? `; validation ${decimal(last.valLoss)}` : ""
        }`
        : "",
    );
    const bestIn = (value: string) => best ? `best ${value}, epoch ${count(best.epoch)}` : "";
    const waits = "with the first validation";
    this.#showTile(
      "accuracy",
      percent(last?.valAccuracy),
      bestIn(percent(best?.valAccuracy)) || waits,
    );
    this.#showTile("f1", decimal(last?.valMacroF1), bestIn(decimal(best?.valMacroF1)) || waits);
    const lr = progress?.lr ?? point?.lr;
    this.#showTile("lr", lr === undefined ? UNKNOWN : rate(lr), plan?.scheduler ?? "");
    this.#showTile(
      "speed",
      point ? count(Math.round(point.imagesPerSecond)) : UNKNOWN,
      last ? `last epoch ${count(Math.round(last.imagesPerSecond))}` : "",
    );
    this.#showTile(
      "memory",
      memory && memory.gpu !== null ? bytes(memory.gpu) : UNKNOWN,
      memory ? `process ${bytes(memory.host)}` : "",
    );
  }
}
