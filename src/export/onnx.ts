/**
 * Networks for ONNX Runtime and all else that reads ONNX.
 *
 * @module
 */
import { writeFileAtomic } from "../model/atomic_write.ts";
import { describeModel, type FerModel, type Head, headsOf } from "../model/description.ts";
import type { LoadedModel } from "../model/model_file.ts";
import { networkOf } from "../predict/network.ts";
import { VERSION } from "../version.ts";
import { LIBRARY, provenanceOf } from "./metadata.ts";
import { OnnxGraph } from "./onnx_graph.ts";
import { appendLayers } from "./onnx_layers.ts";
import { encodeOnnxModel, type OnnxValue } from "./onnx_message.ts";
import { appendPreprocessing } from "./onnx_preprocessing.ts";

/** What an ONNX file is to hold. */
export interface OnnxOptions {
  /**
   * Whether the graph takes pictures as they are and gives probabilities: input `images`, uint8
   * `[N, height, width, channels]`, of any size, with 1 (grey), 3 (RGB) or 4 channels (RGBA, the
   * opacity ignored), so that a canvas's `ImageData` fits; output `probabilities`, `[N, classes]`,
   * and `ferplus_probabilities`, `[N, 8]`, of a network that learned FER+'s votes too.
   *
   * @default false
   */
  readonly preprocess?: boolean;
  /**
   * The licence of the weights, as an SPDX identifier, to be noted in the file.
   *
   * @default none
   */
  readonly license?: string;
}

/** ONNX 1.13's operators are the first whose resizing is Pillow's. */
const OPSET = { plain: 17, preprocess: 18 } as const;

/**
 * A network as the bytes of an ONNX file: BatchNorm folded into the convolutions, dropout left out,
 * float32.
 *
 * It takes `pixels`, float32 `[N, 1, size, size]`, in [-1, 1] for the usual preprocessing, and gives
 * `logits`, `[N, classes]`; N is open. (With `preprocess`, pictures and probabilities.) A network that
 * learned FER+'s votes too gives `ferplus_logits`, `[N, 8]`, as well. Classes,
 * preprocessing and what else the model says of itself are in the file's `metadata_props`, each as
 * JSON.
 *
 * @param model A model, or what `loadModel()` gave, whose data and metrics are then noted too.
 * @param options Preprocessing and licence.
 * @returns The file's bytes.
 * @throws {TypeError} When a layer has no counterpart, or the model was made by other means.
 *
 * @example
 * ```ts
 * import { buildFerNet } from "@fer/core/model";
 * import { encodeOnnx } from "@fer/core/export";
 *
 * const model = buildFerNet({ filters: [2, 4] });
 * const bytes = await encodeOnnx(model);
 * console.assert(new TextDecoder("latin1").decode(bytes).includes("logits"));
 * model.dispose();
 * ```
 */
export async function encodeOnnx(
  model: FerModel | LoadedModel,
  options: OnnxOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { preprocess = false, license } = options;
  const network = networkOf(model);
  const description = describeModel(network);
  const { classes, preprocessing } = description;
  const heads = headsOf(description);
  const { size, mean, std } = preprocessing;

  const input: OnnxValue = preprocess
    ? {
      name: "images",
      element: "uint8",
      dims: ["N", "height", "width", "channels"],
      about: "Pictures filled by one face: grey, RGB or RGBA, from 0 to 255",
    }
    : {
      name: "pixels",
      element: "float32",
      dims: ["N", 1, size, size],
      about: `Grey faces: (sample / 255 - ${mean}) / ${std}`,
    };
  const nameOf = ({ labels }: Head, what = preprocess ? "probabilities" : "logits") =>
    labels === "fer2013" ? what : `${labels}_${what}`;
  const outputs = heads.map((head): OnnxValue => ({
    name: nameOf(head),
    element: "float32",
    dims: ["N", head.classes.length],
    about: head.classes.join(", "),
  }));

  const graph = new OnnxGraph(input.name);
  if (preprocess) appendPreprocessing(preprocessing, graph);
  await appendLayers(network, graph);
  if (heads.length > 1) {
    graph.split(
      "outputs",
      new Map(heads.map((head) => [nameOf(head, "logits"), head.classes.length])),
    );
  }
  for (const head of preprocess ? heads : []) {
    if (heads.length > 1) graph.goOnFrom(nameOf(head, "logits"));
    if (head.temperature !== 1) {
      const divisor = graph.constant(
        nameOf(head, "temperature"),
        [],
        Float32Array.of(head.temperature),
      );
      graph.then("Div", nameOf(head, "calibrated"), [divisor]);
    }
    graph.then("Softmax", nameOf(head, "softmax"), [], { axis: 1 });
    graph.nameLast(nameOf(head));
  }
  if (!preprocess && heads.length === 1) graph.nameLast(nameOf(heads[0]));

  return await encodeOnnxModel({
    opset: preprocess ? OPSET.preprocess : OPSET.plain,
    producer: { name: LIBRARY, version: VERSION },
    about: `Recognizes the expression of a face: ${classes.join(", ")}`,
    name: network.name,
    nodes: graph.nodes,
    constants: graph.constants,
    inputs: [input],
    outputs,
    metadata: Object.fromEntries(
      Object.entries({ ...description, ...provenanceOf(model, license) }).map((
        [key, value],
      ) => [key, JSON.stringify(value)]),
    ),
  });
}

/**
 * Writes a network as an ONNX file, whole or not at all.
 *
 * @param model A model, or what `loadModel()` gave.
 * @param path The file, in a folder that exists; one of that name is replaced.
 * @param options Preprocessing and licence.
 * @throws {TypeError} When a layer has no counterpart, or the model was made by other means.
 * @throws {CheckpointError} When it cannot be written; the old file is as it was.
 */
export async function saveOnnx(
  model: FerModel | LoadedModel,
  path: string,
  options: OnnxOptions = {},
): Promise<void> {
  await writeFileAtomic(path, await encodeOnnx(model, options));
}
