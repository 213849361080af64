/**
 * From images to probabilities.
 *
 * @example How sure an untrained network is of a drawn face
 * ```ts
 * import { drawnFaces } from "@fer/core/data";
 * import { buildFerNet } from "@fer/core/model";
 * import { predict } from "@fer/core/predict";
 *
 * const model = buildFerNet({ filters: [4, 8] });
 * const ranked = await predict(model, drawnFaces(1, 42).image(0));
 * console.assert(ranked.length === 7 && ranked[0].probability >= ranked[6].probability);
 * model.dispose();
 * ```
 *
 * @module
 */
export type { Labels, Priors, Reading } from "./model/description.ts";
export type {
  GreyTensor,
  ImageBatchTensor,
  ImageInput,
  ImageTensor,
} from "./predict/image_input.ts";
export * from "./predict/options.ts";
export * from "./predict/predict.ts";
export type { TestTimeAugmentation } from "./predict/views.ts";
