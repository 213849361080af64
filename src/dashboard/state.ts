/**
 * What the dashboard shows, as one JSON value and the changes to it.
 *
 * @module
 */
import type { StopReason, TrainingProgress } from "../train/callbacks.ts";
import type { EpochLine } from "../runs/run_directory.ts";

/** The run. */
export interface RunFacts {
  /** What to call it. */
  readonly name: string;
  /** Where the images came from; null until training begins. */
  readonly source: string | null;
  /** Who computes, where that is known. */
  readonly adapter: string | null;
  /** When the run began, in ISO 8601, where that is known. */
  readonly startedAt: string | null;
}

/** What there is to do. */
export interface PlanFacts {
  /** Epochs at most. */
  readonly epochs: number;
  /** Batches an epoch. */
  readonly batches: number;
  /** Training images. */
  readonly trainingImages: number;
  /** Validation images. */
  readonly validationImages: number;
  /** How the learning rate falls. */
  readonly scheduler: string;
  /** The class names in label order. */
  readonly classes: readonly string[];
  /** Batches trained on before this start of the run. */
  readonly resumedAt: number;
}

/** A stretch of training steps. */
export interface StepPoint {
  /** Its last step, from the run's beginning. */
  readonly step: number;
  /** Mean training loss. */
  readonly loss: number;
  /** Learning rate of the last step. */
  readonly lr: number;
  /** Images trained on a second. */
  readonly imagesPerSecond: number;
}

/** Memory in use, in bytes. */
export interface MemoryInUse {
  /** On the GPU, buffers that wait to be used again included; null on tfjs's other backends. */
  readonly gpu: number | null;
  /** Of the whole process. */
  readonly host: number;
}

/** Which class was taken for which. */
export interface ConfusionFacts {
  /** The epoch that was validated, where that is known. */
  readonly epoch: number | null;
  /** Counts: the row is the true class, the column the predicted one. */
  readonly counts: ReadonlyArray<readonly number[]>;
}

/** A validation image. */
export interface FaceFacts {
  /** The image as a data URI. */
  readonly image: string;
  /** Its place in the validation data, from 0. */
  readonly index: number;
  /** Its class. */
  readonly label: number;
}

/** What the network makes of the faces. */
export interface PredictionFacts {
  /** The epoch after which it was asked. */
  readonly epoch: number;
  /** The probability of each class, for each face. */
  readonly probabilities: ReadonlyArray<readonly number[]>;
}

/** How training ended. */
export interface EndFacts {
  /** Why; null when an error ended it. */
  readonly stopped: StopReason | null;
}

/** All that the dashboard shows beside the data audit, which never changes. */
export interface DashboardState {
  /** The run. */
  readonly run: RunFacts;
  /** What there is to do; null until training begins. */
  readonly plan: PlanFacts | null;
  /** Where training stands; null before the first report. */
  readonly progress: TrainingProgress | null;
  /** Seconds until the last epoch at the pace so far; null when there is no telling. */
  readonly secondsLeft: number | null;
  /** The validation that is under way. */
  readonly validating: { readonly done: number; readonly total: number } | null;
  /** Memory in use. */
  readonly memory: MemoryInUse | null;
  /** Training steps, over all starts of the run. */
  readonly steps: readonly StepPoint[];
  /** Validations, over all starts of the run. */
  readonly epochs: readonly EpochLine[];
  /** The last validation's confusion matrix; in a run that goes on, at first the best one's. */
  readonly confusion: ConfusionFacts | null;
  /** Some validation images. */
  readonly faces: readonly FaceFacts[];
  /** What the network makes of them; null before the first validation of this start. */
  readonly predictions: PredictionFacts | null;
  /** How training ended; null while it lasts. */
  readonly end: EndFacts | null;
}

/** A change: its `steps` and `epochs` are added, its other parts replace what was there. */
export type DashboardUpdate = Partial<DashboardState>;

/**
 * Takes a change up.
 *
 * It runs in the page as well, and uses nothing from outside itself.
 *
 * @param state The state before.
 * @param update The change.
 * @returns The state after.
 */
export function updated(state: DashboardState, update: DashboardUpdate): DashboardState {
  return {
    ...state,
    ...update,
    steps: update.steps ? [...state.steps, ...update.steps] : state.steps,
    epochs: update.epochs ? [...state.epochs, ...update.epochs] : state.epochs,
  };
}
