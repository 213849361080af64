/**
 * Training: loss, optimizers, schedules, the loop, checkpoints and run folders.
 *
 * @module
 */
export * from "./train/adamw.ts";
export type { AugmentationFactory, AugmentationName } from "./train/augmentation.ts";
export * from "./train/callbacks.ts";
export { TrainingDivergedError } from "./train/checkpoint.ts";
export * from "./train/early_stopping.ts";
export { WeightAverage } from "./train/ema.ts";
export { balancedClassWeights, crossEntropy, targetCoefficients } from "./train/loss.ts";
export type { TargetOptions } from "./train/loss.ts";
export { Muon, type MuonOptions } from "./train/muon.ts";
export type {
  Optimizer,
  OptimizerFactory,
  OptimizerName,
  OptimizerSettings,
} from "./train/optimizer.ts";
export * from "./train/reduce_lr_on_plateau.ts";
export { cosineAnnealing } from "./train/schedule.ts";
export type {
  CosineAnnealingOptions,
  Schedule,
  ScheduleFactory,
  SchedulerName,
  TrainingLength,
} from "./train/schedule.ts";
export { DEFAULT_TRAINING_CONFIG, type TrainingConfig, trainingConfig } from "./train/settings.ts";
export { TensorBoardLog, type TensorBoardOptions } from "./tensorboard/log.ts";
export * from "./train/trainer.ts";
export type { TrainerOptions } from "./train/trainer_options.ts";
export * from "./runs/data_fingerprint.ts";
export * from "./runs/record.ts";
export * from "./runs/run_directory.ts";
