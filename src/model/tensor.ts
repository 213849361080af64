/**
 * tfjs's types under names of our own, for public signatures.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";

/** A tensor of tfjs (`tf.Tensor`). */
export type FerTensor = tf.Tensor;

/** A variable of tfjs (`tf.Variable`). */
export type FerVariable = tf.Variable;
