/**
 * The server as a shell runs it: the task's own permissions, a network of a few filters.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { buildFerCnn, type FerModel, Generator, saveModel } from "../../mod.ts";
import { taskCommand } from "../cli/run_task.ts";

/** The side of an image and its elements. */
export const SIZE = 48;
/** Elements of an image. */
export const AREA = SIZE * SIZE;
/** Classes. */
export const CLASSES = 7;

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A server that answers. */
export interface ServerProcess {
  /** Where, without a slash at the end. */
  readonly url: string;
  /** The process. */
  readonly child: Deno.ChildProcess;
  /** What it has logged so far. */
  readonly log: readonly LogLine[];
  /** What it has written to stderr so far. */
  readonly stderr: () => string;
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<Deno.CommandStatus>;
}

/**
 * A tiny network, always the same, on tfjs's `cpu` backend. Its weights are larger than a new
 * network's, so that it tells images apart by more than rounding does.
 */
export async function tinyModel(): Promise<FerModel> {
  await tf.setBackend("cpu");
  const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4, seed: 5 });
  const weights = model.getWeights();
  const larger = weights.map((weight) => weight.rank > 1 ? tf.mul(weight, 2) : tf.clone(weight));
  model.setWeights(larger);
  tf.dispose(larger);
  return model;
}

/**
 * Random images in [-1, 1]: noise about a random grey.
 *
 * @param count How many.
 * @param seed Which.
 */
export function randomPixels(count: number, seed: number): Float32Array<ArrayBuffer> {
  const generator = new Generator(seed);
  const pixels = new Float32Array(count * AREA);
  for (let i = 0; i < count; i++) {
    const grey = generator.uniform(-0.5, 0.5);
    for (let k = 0; k < AREA; k++) pixels[i * AREA + k] = grey + generator.uniform(-0.5, 0.5);
  }
  return pixels;
}

/**
 * What tfjs's own layers make of images.
 *
 * @param model The network.
 * @param pixels Images one after the other.
 * @returns Logits one after the other.
 */
export function logitsOf(model: FerModel, pixels: Float32Array): Float32Array {
  return tf.tidy(() => {
    const input = tf.tensor4d(pixels, [pixels.length / AREA, SIZE, SIZE, 1]);
    return (model.apply(input) as tf.Tensor).dataSync<"float32">();
  });
}

/**
 * Starts a server with the tiny network on a free port.
 *
 * @param args More arguments.
 * @param env More variables.
 * @returns The server, once it listens.
 */
export async function startServer(
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<ServerProcess> {
  const folder = await Deno.makeTempDir({ prefix: "fer-server-" });
  const path = `${folder}/tiny.safetensors`;
  const model = await tinyModel();
  await saveModel(model, path);
  model.dispose();
  const all = ["--model", path, "--port", "0", "--max-batch", "4", ...args];
  const variables = { FER_SERVER_TOKEN: "", XDG_RUNTIME_DIR: "/tmp", ...env };
  const child = taskCommand("server", all, { env: variables }).spawn();
  const log: LogLine[] = [];
  let stderr = "";
  const listening = Promise.withResolvers<string>();
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) log.push(JSON.parse(line));
      const found = log.find(({ message }) => message === "listening");
      if (found) listening.resolve(String(found.url).replace(/\/$/, ""));
    }
    listening.reject(new Error(`The server did not start: ${stderr}`));
  })();
  const complaining = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) stderr += text;
  })();
  const ended = async (): Promise<Deno.CommandStatus> => {
    const status = await child.status;
    await Promise.all([reading, complaining]);
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    return status;
  };
  try {
    const url = await listening.promise;
    return {
      ...{ url, child, log, stderr: () => stderr },
      async stop() {
        try {
          child.kill("SIGTERM");
        } catch {
          // It has ended already.
        }
        return await ended();
      },
    };
  } catch (error) {
    await ended();
    throw error;
  }
}

/**
 * Waits until something is so, and no longer than ten seconds.
 *
 * @param what What is waited for, for the message.
 * @param holds Whether it is so.
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Waited in vain until ${what}`);
}
