/**
 * Times every program that runs on a device, one by one: ours and tfjs's alike.
 *
 * While something is recorded, each dispatch is a compute pass of its own with a timestamp before and
 * after it. Where a device has no timestamps, the dispatches are repeated afterwards, one at a time
 * with a wait between, and timed on the host.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { gpuBackend } from "../../src/kernels/program.ts";

/** How a program uses a buffer. */
export type Access = "read" | "write" | "both";

/** A buffer that a program binds. */
export interface Binding {
  readonly buffer: GPUBuffer;
  readonly access: Access;
}

/** One dispatch of a program. */
export interface Dispatch {
  /** The program's name. */
  readonly program: string;
  /** Whatever {@linkcode Recorder.context} was when it was recorded. */
  readonly context: unknown;
  /** Workgroups in all. */
  readonly workgroups: number;
  /** Storage buffers. */
  readonly bindings: readonly Binding[];
  /** How long it took. */
  readonly milliseconds: number;
}

/** How dispatches are timed. */
export type Method = "timestamps" | "repeats";

interface Recorded {
  readonly dispatch: Omit<Dispatch, "milliseconds">;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly counts: readonly [number, number, number];
}

/** Queries of a set: WebGPU's limit. */
const QUERIES = 4096;
const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, resolve: 0x200 };
/** Repeats take this long beyond what waiting for nothing takes. */
const LEAST_MS = 20;
const MOST_REPEATS = 1000;

/** The storage buffers of a program by binding. A declared `read_write` may do either alone. */
function accessesOf(code: string): Map<number, Access> {
  const declaration = /@binding\((\d+)\)\s*var<storage,\s*(read|read_write)>\s*(\w+)/g;
  const accesses = new Map<number, Access>();
  for (const [, binding, declared, name] of code.matchAll(declaration)) {
    const uses = code.match(new RegExp(`\\b${name}\\s*\\[`, "g"))?.length ?? 0;
    const writes = code.match(new RegExp(`[;{}]\\s*${name}\\s*\\[`, "g"))?.length ?? 0;
    const isBoth = declared === "read_write" && uses > writes;
    accesses.set(Number(binding), declared === "read" ? "read" : isBoth ? "both" : "write");
  }
  return accesses;
}

/** Records what runs on the device of tfjs's WebGPU backend. */
export class Recorder {
  /** What is noted with each dispatch: what the work at hand is part of. */
  context: unknown;
  /** How dispatches are timed. */
  readonly method: Method;
  readonly #device: GPUDevice;
  readonly #codes = new WeakMap<GPUShaderModule, string>();
  readonly #programs = new WeakMap<
    GPUComputePipeline,
    { name: string; accesses: Map<number, Access> }
  >();
  readonly #groups = new WeakMap<GPUBindGroup, readonly GPUBindGroupEntry[]>();
  readonly #sets: GPUQuerySet[] = [];
  #recorded: Recorded[] | null = null;

  /**
   * Begins to listen. Programs that the device has compiled before stay unknown to it.
   *
   * @param device The device, whose methods it overlays.
   * @param method How to time; timestamps where the device has them.
   */
  constructor(device: GPUDevice, method?: Method) {
    this.#device = device;
    const has = device.features.has("timestamp-query");
    this.method = method ?? (has ? "timestamps" : "repeats");
    if (this.method === "timestamps" && !has) {
      throw new TypeError("Cannot time by timestamps: the device has no timestamp-query");
    }
    const overlay = <K extends keyof GPUDevice>(
      key: K,
      made: (original: GPUDevice[K]) => GPUDevice[K],
    ) =>
      Object.defineProperty(device, key, {
        configurable: true,
        value: made((device[key] as (...args: unknown[]) => unknown).bind(device) as GPUDevice[K]),
      });
    overlay("createShaderModule", (create) => (descriptor) => {
      const module = create(descriptor);
      this.#codes.set(module, descriptor.code);
      return module;
    });
    overlay("createComputePipeline", (create) => (descriptor) => {
      const pipeline = create(descriptor);
      const { compute: { module }, label } = descriptor;
      const accesses = accessesOf(this.#codes.get(module) ?? "");
      this.#programs.set(pipeline, { name: label ?? "unnamed", accesses });
      return pipeline;
    });
    overlay("createBindGroup", (create) => (descriptor) => {
      const group = create(descriptor);
      this.#groups.set(group, [...descriptor.entries]);
      return group;
    });
    overlay("createCommandEncoder", (create) => (descriptor) => {
      const encoder = create(descriptor);
      return this.#recorded ? this.#listening(encoder) : encoder;
    });
  }

  /**
   * Runs some work and times its dispatches.
   *
   * @param work Records commands; synchronous.
   * @returns Every dispatch, in order.
   */
  async record(work: () => void): Promise<Dispatch[]> {
    // What was recorded before has an encoder that nobody listens to.
    flush();
    const recorded: Recorded[] = this.#recorded = [];
    const isRepeated = this.method === "repeats";
    const flag = "WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE";
    const before = tf.env().getNumber(flag);
    // In one submit no uniform buffer serves twice: all can be repeated.
    if (isRepeated) tf.env().set(flag, Infinity);
    try {
      work();
      flush();
    } finally {
      this.#recorded = null;
      tf.env().set(flag, before);
    }
    const times = isRepeated ? await this.#repeat(recorded) : await this.#read(recorded.length);
    return recorded.map(({ dispatch }, i) => ({ ...dispatch, milliseconds: times[i] }));
  }

  /** An encoder whose passes are one for each dispatch. */
  #listening(encoder: GPUCommandEncoder): GPUCommandEncoder {
    const beginComputePass = () => this.#pass(encoder);
    return new Proxy(encoder, {
      get(target, property): unknown {
        if (property === "beginComputePass") return beginComputePass;
        const value = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  #pass(encoder: GPUCommandEncoder): GPUComputePassEncoder {
    let pipeline: GPUComputePipeline | undefined;
    let group: GPUBindGroup | undefined;
    const pass = {
      setPipeline(next: GPUComputePipeline) {
        pipeline = next;
      },
      setBindGroup(_index: number, next: GPUBindGroup) {
        group = next;
      },
      dispatchWorkgroups: (x: number, y = 1, z = 1) => {
        if (!pipeline || !group) throw new TypeError("Cannot dispatch: no pipeline or bind group");
        this.#dispatch(encoder, pipeline, group, [x, y, z]);
      },
      end() {},
    };
    return pass as unknown as GPUComputePassEncoder;
  }

  #dispatch(
    encoder: GPUCommandEncoder,
    pipeline: GPUComputePipeline,
    group: GPUBindGroup,
    counts: readonly [number, number, number],
  ): void {
    const recorded = this.#recorded ?? [];
    const pass = encoder.beginComputePass(
      this.method === "timestamps" ? { timestampWrites: this.#stamps(recorded.length) } : {},
    );
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...counts);
    pass.end();
    const { name, accesses } = this.#programs.get(pipeline) ?? { name: "unknown", accesses: null };
    const bindings = (this.#groups.get(group) ?? []).flatMap(({ binding, resource }) => {
      const access = accesses?.get(binding);
      return access && "buffer" in resource ? [{ buffer: resource.buffer, access }] : [];
    });
    const workgroups = counts[0] * counts[1] * counts[2];
    const dispatch = { program: name, context: this.context, workgroups, bindings };
    recorded.push({ dispatch, pipeline, group, counts });
  }

  /** Where the timestamps of the n-th dispatch go. */
  #stamps(n: number): GPUComputePassTimestampWrites {
    const [set, at] = [Math.floor(2 * n / QUERIES), 2 * n % QUERIES];
    const querySet = this.#sets[set] ??= this.#device.createQuerySet({
      type: "timestamp",
      count: QUERIES,
    });
    return { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
  }

  async #read(count: number): Promise<number[]> {
    const times: number[] = [];
    for (let set = 0; set * QUERIES < 2 * count; set++) {
      const queries = Math.min(QUERIES, 2 * count - set * QUERIES);
      const size = queries * 8;
      const [resolved, read] = [
        USAGE.resolve | USAGE.copySource,
        USAGE.mapRead | USAGE.copyTarget,
      ].map((usage) => this.#device.createBuffer({ size, usage }));
      const encoder = this.#device.createCommandEncoder();
      encoder.resolveQuerySet(this.#sets[set], 0, queries, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, read, 0, size);
      this.#device.queue.submit([encoder.finish()]);
      await read.mapAsync(USAGE.mapRead);
      const stamps = new BigUint64Array(read.getMappedRange().slice(0));
      for (let i = 0; i < queries; i += 2) times.push(Number(stamps[i + 1] - stamps[i]) / 1e6);
      read.unmap();
      resolved.destroy();
      read.destroy();
    }
    return times;
  }

  async #repeat(recorded: readonly Recorded[]): Promise<number[]> {
    const { queue } = this.#device;
    await queue.onSubmittedWorkDone();
    const clock = async ({ pipeline, group, counts }: Recorded, times: number) => {
      const start = performance.now();
      const encoder = this.#device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...counts);
      pass.end();
      queue.submit([encoder.finish()]);
      await queue.onSubmittedWorkDone();
      return performance.now() - start;
    };
    const milliseconds: number[] = [];
    let wait = Infinity;
    for (let i = 0; recorded.length > 0 && i < 5; i++) {
      wait = Math.min(wait, await clock(recorded[0], 0));
    }
    for (const each of recorded) {
      let times = 1;
      let taken = await clock(each, times) - wait;
      while (taken < LEAST_MS && times < MOST_REPEATS) {
        const more = taken > 1 ? Math.ceil(1.2 * LEAST_MS * times / taken) : 10 * times;
        times = Math.min(MOST_REPEATS, more);
        taken = await clock(each, times) - wait;
      }
      milliseconds.push(Math.max(0, taken) / times);
    }
    return milliseconds;
  }
}

/** Submits what tfjs has recorded. */
export function flush(): void {
  const backend = gpuBackend();
  backend.endComputePassEncoder();
  backend.ensureCommandEncoderReady();
  backend.submitQueue();
}
