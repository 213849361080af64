/**
 * Which parts of a face a network goes by.
 *
 * @example Where an untrained network looks
 * ```ts
 * import { drawnFaces } from "@fer/core/data";
 * import { explain } from "@fer/core/explain";
 * import { buildFerNet } from "@fer/core/model";
 *
 * const model = buildFerNet({ filters: [4, 8] });
 * const { map } = await explain(model, drawnFaces(1, 42).image(0));
 * console.assert(map.length === 48 * 48);
 * model.dispose();
 * ```
 *
 * @module
 */
export type { ColourMap } from "./explain/colour_map.ts";
export * from "./explain/explain.ts";
export type { OverlayOptions, SquareMap } from "./explain/overlay.ts";
