/**
 * ONNX Runtime in a process of its own: it is large, and only these tests need it.
 *
 * @module
 */
import { importPackage } from "../../bench/peers/optional.ts";

/** What is fed to a file, or comes out. */
export interface RuntimeTensor {
  /** The length of each dimension. */
  readonly dims: readonly number[];
  /** The elements, float32 or uint8. */
  readonly data: Float32Array | Uint8Array;
}

/** What became of a file. */
export interface RuntimeAnswer {
  /** The names of the inputs. */
  readonly inputs: readonly string[];
  /** The names of the outputs. */
  readonly outputs: readonly string[];
  /** The first output of each run. */
  readonly runs: readonly RuntimeTensor[];
  /** Every output of each run. */
  readonly all: readonly (readonly RuntimeTensor[])[];
}

/** The part of ONNX Runtime that is used. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(path: string): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: Record<string, RuntimeTensor>): Promise<Record<string, RuntimeTensor>>;
    }>;
  };
  readonly Tensor: new (
    type: "float32" | "uint8",
    data: RuntimeTensor["data"],
    dims: readonly number[],
  ) => RuntimeTensor;
}

/** What the process is asked: the file and its inputs' dimensions; elements lie in files. */
interface Task {
  readonly type: "float32" | "uint8";
  readonly dims: readonly (readonly number[])[];
}

async function runSelf(folder: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.filename ?? "", folder],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`ONNX Runtime failed: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Whether the package can be had here. */
export async function hasOnnxRuntime(): Promise<boolean> {
  return await runSelf("").then(() => true, () => false);
}

/**
 * Runs a file in ONNX Runtime.
 *
 * @param bytes The file.
 * @param inputs What it is fed, of one type, one run each.
 */
export async function runOnnx(
  bytes: Uint8Array,
  inputs: readonly RuntimeTensor[],
): Promise<RuntimeAnswer> {
  const folder = await Deno.makeTempDir({ prefix: "fer-onnx-" });
  try {
    await Deno.writeFile(`${folder}/model.onnx`, bytes);
    for (const [i, { data }] of inputs.entries()) {
      const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      await Deno.writeFile(`${folder}/${i}.bin`, raw);
    }
    const type = inputs[0].data instanceof Uint8Array ? "uint8" : "float32";
    const task: Task = { type, dims: inputs.map(({ dims }) => dims) };
    await Deno.writeTextFile(`${folder}/task.json`, JSON.stringify(task));
    const { runs, ...names } = JSON.parse(await runSelf(folder));
    const all = (runs as { dims: number[]; data: number[] }[][]).map((run) =>
      run.map(({ dims, data }) => ({ dims, data: Float32Array.from(data) }))
    );
    return { ...names, all, runs: all.map(([first]) => first) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const module = await importPackage<OnnxRuntime & { default?: OnnxRuntime }>("onnxruntime-node");
  const { InferenceSession, Tensor } = module.default ?? module;
  const [folder] = Deno.args;
  if (folder !== "") {
    const { type, dims }: Task = JSON.parse(await Deno.readTextFile(`${folder}/task.json`));
    const session = await InferenceSession.create(`${folder}/model.onnx`);
    const runs: { dims: readonly number[]; data: number[] }[][] = [];
    for (const [i, shape] of dims.entries()) {
      const raw = await Deno.readFile(`${folder}/${i}.bin`);
      const data = type === "uint8" ? raw : new Float32Array(raw.buffer);
      const feeds = { [session.inputNames[0]]: new Tensor(type, data, shape) };
      const outputs = await session.run(feeds);
      runs.push(session.outputNames.map((name) => {
        const { dims, data } = outputs[name];
        return { dims, data: [...data] };
      }));
    }
    const { inputNames: inputs, outputNames: outputs } = session;
    // deno-lint-ignore no-console
    console.log(JSON.stringify({ inputs, outputs, runs }));
  }
}
