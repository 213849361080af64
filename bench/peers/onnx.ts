/**
 * ONNX Runtime on the processor: inference.
 *
 * @module
 */
import { importPackage, versionOf } from "./optional.ts";
import { type Job, servePeer } from "./serve.ts";

/** The part of ONNX Runtime that is used. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(path: string, options: { intraOpNumThreads: number }): Promise<{
      run(feeds: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>>;
    }>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: number[]) => OnnxTensor;
}

interface OnnxTensor {
  readonly data: Float32Array;
}

await servePeer(async ({ work, folder, images }) => {
  const module = await importPackage<OnnxRuntime & { default?: OnnxRuntime }>("onnxruntime-node");
  const { InferenceSession, Tensor } = module.default ?? module;
  const session = await InferenceSession.create(`${folder}/network.onnx`, {
    intraOpNumThreads: navigator.hardwareConcurrency,
  });
  const { size } = work.network;
  const [one, all] = [1, work.batch].map((count) => {
    const pixels = new Tensor("float32", images.slice(0, count * size ** 2), [
      count,
      1,
      size,
      size,
    ]);
    return async () => (await session.run({ pixels })).logits.data;
  });
  const job = (pass: () => Promise<Float32Array>): Job => ({
    async run() {
      await pass();
    },
  });
  return {
    version: versionOf("onnxruntime-node"),
    jobs: { forward1: job(one), forward64: job(all) },
    answers: { logits: async () => [...await one()] },
  };
});
