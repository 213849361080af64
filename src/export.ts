/**
 * Networks for other runtimes: ONNX, plain tfjs, PyTorch.
 *
 * @module
 */
export { encodeOnnx, type OnnxOptions, saveOnnx } from "./export/onnx.ts";
export { savePyTorch } from "./export/pytorch.ts";
export { encodeTfjs, saveTfjs, type TfjsOptions } from "./export/tfjs.ts";
