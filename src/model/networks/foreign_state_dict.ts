/**
 * Which network a state dict belongs to that does not say so.
 *
 * @module
 */
import type { TensorData } from "../safetensors.ts";
import { networks } from "./registry.ts";
import { modulesOf, type RecognizedStateDict, refuse, Unrecognized } from "./torch_modules.ts";

/** `features.2` before `features.10`. */
const BY_NAME = new Intl.Collator("en", { numeric: true });

function recognizeInOrder(tensors: ReadonlyMap<string, TensorData>): RecognizedStateDict {
  const modules = modulesOf(tensors);
  const { length } = modules.linears;
  const torch = networks().find((each) => each.torch?.linears === length)?.torch;
  return torch ? torch.recognize(modules) : refuse(`there are ${length} linear layers`);
}

/**
 * Finds out which of the library's networks a state dict belongs to, whatever its names: from the
 * shapes of convolutions, BatchNorms and linear layers, each kind in the order of its names.
 *
 * @param tensors The tensors by PyTorch's names: `conv1.weight`, `features.0.weight`, ...
 * @returns The network, or why it is none that the library knows.
 */
export function recognizeStateDict(
  tensors: ReadonlyMap<string, TensorData>,
): RecognizedStateDict | string {
  const byName = new Map([...tensors].sort(([a], [b]) => BY_NAME.compare(a, b)));
  let reason = "";
  // Names like `stem` and `body` say nothing of the order; then the file's may.
  for (const each of [byName, tensors]) {
    try {
      return recognizeInOrder(each);
    } catch (error) {
      if (!(error instanceof Unrecognized)) throw error;
      reason ||= error.message;
    }
  }
  return reason;
}
