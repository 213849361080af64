/**
 * What a trainer works with besides its settings.
 *
 * @module
 */
import type { WebGpu } from "../backend.ts";
import type { RunNotes } from "../runs/record.ts";
import type { RunDirectory } from "../runs/run_directory.ts";
import type { AugmentationFactory } from "./augmentation.ts";
import type { TrainingCallback } from "./callbacks.ts";
import type { OptimizerFactory } from "./optimizer.ts";
import type { ScheduleFactory } from "./schedule.ts";

/** What a `Trainer` works with besides its configuration. */
export interface TrainerOptions {
  /** The GPU, whose limits are kept and whose loss is noticed; none for tfjs's other backends. */
  readonly gpu?: WebGpu;
  /** Where checkpoints and metrics go; nowhere when left out. */
  readonly runDirectory?: RunDirectory;
  /** Whom to tell. */
  readonly callbacks?: readonly TrainingCallback[];
  /** What else `config.json` is to say: the command, an audit of the data. */
  readonly notes?: RunNotes;
  /** Ends training: what is trained is saved, and `fit()` returns with `aborted`. */
  readonly signal?: AbortSignal;
  /** A schedule of your own, in place of the one that the configuration names. */
  readonly schedule?: ScheduleFactory;
  /** An optimizer of your own, in place of the one that the configuration names. */
  readonly optimizer?: OptimizerFactory;
  /** An augmentation of your own, in place of the one that the configuration names. */
  readonly augmentation?: AugmentationFactory;
}
