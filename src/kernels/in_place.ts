/**
 * Variables that programs may write where they lie.
 *
 * A variable's data can have other owners: clones, a tape, a read-back that is under way and whose
 * values the backend will take for the data's. None of them may see it change.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { GpuBackend, KernelTensor } from "./program.ts";

/** What tells the owners of data apart. */
interface Ownership {
  refCount(dataId: tf.DataId): number;
}

/**
 * Gives a variable new data in the buffer that it had, or in a copy of it where others hold on to
 * the old data. The data is nobody else's, and nobody has read it.
 *
 * @param backend tfjs's backend.
 * @param variable The variable; its values stay.
 * @returns Its data, to be bound as `read_write`.
 */
export function inPlace(backend: GpuBackend, variable: tf.Variable): KernelTensor {
  backend.uploadToGPU(variable.dataId);
  const before = backend.tensorMap.get(variable.dataId) as {
    resource: GPUBuffer | null;
    external?: boolean;
  };
  const info = backend.makeTensorInfo(variable.shape, variable.dtype);
  const isAlone = (backend as unknown as Ownership).refCount(variable.dataId) === 1;
  if (isAlone && !before.external) {
    backend.tensorMap.get(info.dataId).resource = before.resource;
    before.resource = null;
  } else {
    backend.uploadToGPU(info.dataId);
    const [from, to] = [before.resource, backend.tensorMap.get(info.dataId).resource];
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    if (from && to) backend.commandEncoder?.copyBufferToBuffer(from, 0, to, 0, from.size);
    backend.commandQueueOwnedIds.add(variable.dataId);
  }
  const tensor = tf.engine().makeTensorFromTensorInfo(info);
  variable.assign(tensor);
  tensor.dispose();
  return variable;
}
