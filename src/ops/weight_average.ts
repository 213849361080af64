/**
 * A step of an exponential moving average.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type AveragedParameter, weightAverage } from "../kernels/weight_average.ts";
import { type Operation, operation } from "./operation.ts";

/** Updates averages in place: decay times the average, plus the rest times the weight. */
export const averageWeights: Operation<
  [weights: readonly AveragedParameter[], decay: number],
  void
> = operation({
  name: "average of weights",
  reference: (weights, decay) => {
    for (const { average, weight } of weights) {
      tf.tidy(() =>
        average.assign(tf.add(tf.mul(average, decay), tf.mul(weight as tf.Tensor, 1 - decay)))
      );
    }
  },
  program: (backend, weights, decay) => weightAverage(backend, weights, decay),
});
