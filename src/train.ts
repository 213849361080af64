/**
 * Training: loss, optimizer, schedules, the loop, checkpoints and run folders.
 *
 * @module
 */
export * from "./train/adamw.ts";
export * from "./train/callbacks.ts";
export { TrainingDivergedError } from "./train/checkpoint.ts";
export * from "./train/config.ts";
export { balancedClassWeights, crossEntropy, targetCoefficients } from "./train/loss.ts";
export type { TargetOptions } from "./train/loss.ts";
export { Muon, type MuonOptions } from "./train/muon.ts";
export type { Optimizer } from "./train/optimizer.ts";
export * from "./train/run_directory.ts";
export * from "./train/schedule.ts";
export * from "./train/trainer.ts";
export { WeightAverage } from "./train/ema.ts";
