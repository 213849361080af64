/**
 * What predicting and explaining have in common.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { FerModel } from "../model/description.ts";
import type { LoadedModel } from "../model/model_file.ts";
import type { ClassProbability } from "./options.ts";

/** The network, of what `loadModel()` gave or as it is. */
export function networkOf(model: FerModel | LoadedModel): FerModel {
  return model instanceof tf.LayersModel ? model : model.model;
}

/**
 * What logits mean: their softmax, after division by the model's temperature.
 *
 * @param logits `[batch, classes]`.
 * @param temperature The model's.
 * @returns Probabilities of the same shape.
 */
export function logitsToProbabilities(logits: tf.Tensor2D, temperature: number): tf.Tensor2D {
  return tf.softmax(temperature === 1 ? logits : tf.div(logits, temperature));
}

/**
 * An image's classes, the likeliest first.
 *
 * @param classes Their names.
 * @param probabilities One a class.
 */
export function ranked(
  classes: readonly string[],
  probabilities: ArrayLike<number>,
): ClassProbability[] {
  return classes.map((label, k) => ({ label, probability: probabilities[k] }))
    .sort((a, b) => b.probability - a.probability);
}
