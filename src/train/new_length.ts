/**
 * Whether a run that goes on may become longer or shorter: only where it would have come to where it
 * is all the same.
 *
 * @module
 */
import { makeSchedule, type ScheduleFactory } from "./schedule.ts";
import type { TrainingConfig } from "./settings.ts";

/** The settings that say how long a run is. */
export type RunLength = Pick<TrainingConfig, "epochs" | "decayEpochs" | "fullSizeEpochs">;

/** How far a run has come. */
export interface Progress {
  /** The epoch under way, from 1. */
  readonly epoch: number;
  /** Its batches trained on. */
  readonly batch: number;
  /** Optimizer steps taken. */
  readonly optimizerSteps: number;
  /** Optimizer steps of an epoch. */
  readonly stepsPerEpoch: number;
}

/**
 * Checks a new length.
 *
 * @param before The length that the run was going to have.
 * @param config The settings, with the new length.
 * @param progress How far the run has come.
 * @param schedule The user's own schedule, in place of the configured one.
 * @returns Whether the length is another one.
 * @throws {RangeError} When the steps that are done would have been other steps.
 */
export function checkNewLength(
  before: RunLength,
  config: TrainingConfig,
  { epoch, batch, optimizerSteps, stepsPerEpoch }: Progress,
  schedule?: ScheduleFactory,
): boolean {
  const { epochs, decayEpochs, fullSizeEpochs } = config;
  const isSame = before.epochs === epochs && before.decayEpochs === decayEpochs &&
    before.fullSizeEpochs === fullSizeEpochs;
  if (isSame) return false;
  const change = `Cannot go on with ${epochs} epochs, ${decayEpochs} of decay, instead of ` +
    `${before.epochs}, ${before.decayEpochs} of decay: `;
  const begun = batch > 0 ? epoch : epoch - 1;
  if (begun > epochs) throw new RangeError(`${change}${begun} have begun`);
  const wholeFrom = (length: RunLength) => length.epochs - length.fullSizeEpochs + 1;
  const firstFullSize = Math.min(wholeFrom(before), wholeFrom(config));
  if (wholeFrom(before) !== wholeFrom(config) && begun >= firstFullSize) {
    throw new RangeError(
      `${change}epoch ${firstFullSize}, which has begun, would have seen images of another size`,
    );
  }
  const scheduleOf = (length: RunLength) =>
    makeSchedule(schedule ?? config.scheduler, { ...config, ...length }, {
      stepsPerEpoch,
      totalSteps: length.epochs * stepsPerEpoch,
    });
  const [then, now] = [scheduleOf(before), scheduleOf(config)];
  for (let step = 0; step < optimizerSteps; step++) {
    if (then.lr(step) === now.lr(step)) continue;
    throw new RangeError(
      `${change}with ${schedule ? "this schedule" : `the ${config.scheduler} schedule`}, ` +
        `step ${step + 1} of ${optimizerSteps} that are done would have had another learning rate`,
    );
  }
  return true;
}
