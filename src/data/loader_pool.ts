/**
 * The worker threads of a {@linkcode DataLoader}.
 *
 * @module
 */
import type { TransformConfig } from "../transforms/transform.ts";
import { type BatchTask, ImageTransformError, type TransformedImages } from "./batch_transform.ts";
import type { WorkerRequest, WorkerResponse } from "./loader_worker.ts";

interface Pending {
  resolve(images: TransformedImages): void;
  reject(error: unknown): void;
}

const MODULE = new URL("./loader_thread.js", import.meta.url);

/** The part of `Deno` that is used. */
interface Permissions {
  querySync(descriptor: { readonly name: "read"; readonly path: URL }): { readonly state: string };
}

/** Whether Deno lets a worker read its module: asked first, since a refusal goes to the console. */
function mayStart(): boolean {
  if (typeof Worker === "undefined") return false;
  const { Deno } = globalThis as { readonly Deno?: { readonly permissions: Permissions } };
  if (!Deno || MODULE.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: MODULE }).state === "granted";
}

/** One thread and what it was asked. */
class Thread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #failed: Error | undefined;
  /** Fulfilled when the thread has made its transform, rejected when it cannot be started. */
  readonly ready: Promise<void>;

  constructor(config: TransformConfig) {
    // The URL is written out here once more: bundlers look for this very expression.
    this.#worker = new Worker(new URL("./loader_thread.js", import.meta.url), { type: "module" });
    let [resolve, reject]: [() => void, (error: Error) => void] = [() => {}, () => {}];
    this.ready = new Promise((start, fail) => [resolve, reject] = [start, fail]);
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerResponse>) => {
      if ("ready" in data) return resolve();
      const pending = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      if ("images" in data) pending?.resolve(data.images);
      else pending?.reject(new ImageTransformError(data.index, data.cause));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`Cannot transform images: a worker failed: ${event.message}`);
      reject(error);
      this.fail(error);
    };
    this.#send({ config });
  }

  /** How many batches it still has to do. */
  get load(): number {
    return this.#pending.size;
  }

  run(id: number, task: BatchTask): Promise<TransformedImages> {
    if (this.#failed) return Promise.reject(this.#failed);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#send({ id, task }, [task.pixels.buffer]);
    });
  }

  #send(request: WorkerRequest, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }

  fail(error: Error): void {
    this.#failed = error;
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** Threads that transform batches, each batch on the one that has least to do. */
export class LoaderPool {
  readonly #threads: readonly Thread[];
  #ids = 0;

  private constructor(threads: readonly Thread[]) {
    this.#threads = threads;
  }

  /**
   * Starts threads.
   *
   * @param size How many.
   * @param config The transform, as JSON.
   * @returns The pool; undefined where workers cannot be started: no leave to read the module, or a
   *   platform without module workers.
   */
  static async start(size: number, config: TransformConfig): Promise<LoaderPool | undefined> {
    if (!mayStart()) return;
    const threads: Thread[] = [];
    try {
      for (let i = 0; i < size; i++) threads.push(new Thread(config));
      await Promise.all(threads.map((thread) => thread.ready));
      return new LoaderPool(threads);
    } catch {
      for (const thread of threads) thread.fail(new Error("Cannot start every worker"));
    }
  }

  /**
   * Transforms a batch; its pixels are handed over.
   *
   * @param task The batch.
   */
  run(task: BatchTask): Promise<TransformedImages> {
    const thread = this.#threads.reduce((best, each) => each.load < best.load ? each : best);
    return thread.run(this.#ids++, task);
  }

  /**
   * Ends the threads; what they were doing rejects.
   *
   * @param reason With what.
   */
  close(reason: Error): void {
    for (const thread of this.#threads) thread.fail(reason);
  }
}
