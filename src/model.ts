/**
 * Networks, their weights and their files.
 *
 * @example Build, save, load
 * ```ts
 * import { buildFerCnn, loadModel, saveModel } from "@fer/core/model";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const model = buildFerCnn({ filters: [8, 16, 32], hidden: 32, seed: 7 });
 * await saveModel(model, `${folder}/faces.safetensors`);
 * const { metadata } = await loadModel(`${folder}/faces.safetensors`);
 * assertEquals(metadata.classes[3], "happy");
 * assertEquals(metadata.preprocessing.size, 48);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @module
 */
export { removeTemporaryFiles, writeFileAtomic } from "./model/atomic_write.ts";
export { CheckpointError } from "./model/checkpoint_error.ts";
export {
  type ArchitectureConfig,
  describeModel,
  type FerModel,
  type HeadDescription,
  type Labels,
  type ModelDescription,
  type Preprocessing,
  type Priors,
  type Reading,
} from "./model/description.ts";
export { dropoutStates, setDropoutStates } from "./model/dropout.ts";
export { applyInference, applyTraining } from "./model/fused_layers.ts";
export { pixelsToInput } from "./model/input.ts";
export { largestBatch } from "./model/largest_batch.ts";
export {
  encodeModel,
  type LoadedModel,
  loadModel,
  type LoadModelOptions,
  loadModelWeights,
  type ModelMetadata,
  saveModel,
  type SaveModelOptions,
} from "./model/model_file.ts";
export {
  type CommonNetworkOptions,
  describeNetwork,
  type NetworkDefinition,
  type NetworkFacts,
} from "./model/networks/definition.ts";
export { buildFerCnn, type FerCnnOptions } from "./model/networks/fer_cnn.ts";
export { buildFerNet, type FerNetOptions } from "./model/networks/fer_net.ts";
export { buildArchitecture, networks, registerNetwork } from "./model/networks/registry.ts";
export type {
  NamedModule,
  RecognizedStateDict,
  TorchModule,
  TorchModules,
  TorchNetwork,
} from "./model/networks/torch_modules.ts";
export {
  readSafetensors,
  type Safetensors,
  type TensorArray,
  type TensorData,
  type TensorDtype,
  writeSafetensors,
} from "./model/safetensors.ts";
export type { FerTensor, FerVariable } from "./model/tensor.ts";
export {
  loadStateDict,
  type LoadStateDictOptions,
  namedWeights,
  type StateDict,
  toStateDict,
} from "./model/weights.ts";
