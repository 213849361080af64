/**
 * The runtime of the WGSL programs: compiles each once per device inside an error scope, and records
 * its dispatches in the command encoder of tfjs's WebGPU backend, in order with tfjs's own.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { GpuError } from "../gpu/errors.ts";
import { faultsOf } from "../gpu/faults.ts";

/** A tensor as tfjs's kernels pass it. */
export type KernelTensor = tf.TensorInfo;

/** What a binding of a program can stand for. */
export type Bound = KernelTensor | GPUBuffer;

/** A WGSL program: everything that does not change from call to call. */
export interface Program {
  /** What error messages call it. */
  readonly name: string;
  /** The WGSL source, with an entry point `main` and its bindings in group 0. */
  readonly code: string;
}

/** How many workgroups to start along x, y and z. */
export type Workgroups = readonly [number, number, number];

interface TensorData {
  readonly dtype: tf.DataType;
  resource: GPUBuffer | null;
  values: unknown;
}

/** The parts of tfjs's `WebGPUBackend` that are used, some of them private to TypeScript alone. */
export interface GpuBackend {
  /** The device. */
  readonly device: GPUDevice;
  /** tfjs's pool of buffers. */
  readonly bufferManager: {
    acquireBuffer(size: number, usage: number): GPUBuffer;
    releaseBuffer(buffer: GPUBuffer): void;
  };
  /** Where a tensor's data lies. */
  readonly tensorMap: { get(dataId: tf.DataId): TensorData };
  /** The encoder of what is not submitted yet. */
  commandEncoder: GPUCommandEncoder | null;
  /** The open pass of that encoder. */
  computePassEncoder: GPUComputePassEncoder | null;
  /** Tensors that the open encoder uses. */
  readonly commandQueueOwnedIds: WeakSet<tf.DataId>;
  /** Uniform buffers to give back after the next submit. */
  readonly uniformPendingDisposal: GPUBuffer[];
  /** Dispatches in the open pass. */
  dispatchCountInPass: number;
  /** Puts a tensor's values into a buffer, or makes an empty one. */
  uploadToGPU(dataId: tf.DataId): void;
  /** Makes a tensor without values. */
  makeTensorInfo(shape: number[], dtype: tf.DataType): KernelTensor;
  /** Frees a tensor. */
  disposeData(dataId: tf.DataId): boolean;
  /** Opens an encoder. */
  ensureCommandEncoderReady(): void;
  /** Ends the open pass. */
  endComputePassEncoder(): void;
  /** Submits the open encoder. */
  submitQueue(): void;
}

/**
 * What an error comes from: what the GPU refused meanwhile says more than what became of it.
 *
 * @param error What was thrown.
 * @returns The refusal; the error itself where there was none.
 */
export async function refusalBehind(error: unknown): Promise<unknown> {
  if (error instanceof GpuError || tf.getBackend() !== "webgpu") return error;
  const faults = faultsOf(gpuBackend().device);
  await faults.settled();
  try {
    faults.check();
  } catch (refusal) {
    return refusal;
  }
  return error;
}

/**
 * tfjs's WebGPU backend.
 *
 * @throws {GpuError} When tfjs computes on another backend.
 */
export function gpuBackend(): GpuBackend {
  if (tf.getBackend() !== "webgpu") {
    throw new GpuError(
      `Cannot run a WGSL program: tfjs computes on its "${tf.getBackend()}" backend`,
    );
  }
  return tf.backend() as unknown as GpuBackend;
}

interface Compiled {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Programs that were compiled, by their sources. */
const compiledBy = new WeakMap<GPUDevice, Map<string, Compiled>>();

function compiledOn(device: GPUDevice): Map<string, Compiled> {
  let compiled = compiledBy.get(device);
  if (!compiled) compiledBy.set(device, compiled = new Map());
  return compiled;
}

/**
 * Waits until the GPU has judged every program that was started, and speaks up for one it refused.
 *
 * A refused program leaves its output as it was. tfjs's kernels cannot wait, so the refusal is thrown
 * by whoever reads what was computed, or by this function, for who reads nothing.
 *
 * @throws {GpuError} With the program's name and the compiler's message.
 */
export async function checkPrograms(): Promise<void> {
  const faults = faultsOf(gpuBackend().device);
  await faults.settled();
  faults.check();
}

/** Buffers between the programs of one operation: storage that tfjs's pool lends and takes back. */
const STORAGE = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST
const UNIFORM = 0x40 | 0x8; // UNIFORM | COPY_DST

/**
 * Borrows a buffer of `floats` 32-bit words. Give it back with {@linkcode giveBack} as soon as the
 * last program that uses it is recorded: the GPU works through programs in order.
 */
export function borrow(backend: GpuBackend, floats: number): GPUBuffer {
  return backend.bufferManager.acquireBuffer(Math.max(4, floats) * 4, STORAGE);
}

/** Gives back a buffer of {@linkcode borrow}. */
export function giveBack(backend: GpuBackend, ...buffers: readonly GPUBuffer[]): void {
  for (const buffer of buffers) backend.bufferManager.releaseBuffer(buffer);
}

/** Makes an output tensor in GPU memory. Its contents are whatever the buffer held before. */
export function output(
  backend: GpuBackend,
  shape: readonly number[],
  dtype: tf.DataType = "float32",
): KernelTensor {
  const tensor = backend.makeTensorInfo([...shape], dtype);
  if (tf.util.sizeFromShape(tensor.shape) > 0) backend.uploadToGPU(tensor.dataId);
  else backend.tensorMap.get(tensor.dataId).values = new Float32Array(0);
  return tensor;
}

/** The same data in another shape; both count as its owners. */
export function reshaped(tensor: KernelTensor, shape: readonly number[]): KernelTensor {
  return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype };
}

/**
 * Records one dispatch of a program.
 *
 * @param backend tfjs's backend.
 * @param program The program.
 * @param bindings What `@binding(0)`, `@binding(1)`... stand for; a tensor that is still in host
 * memory is uploaded.
 * @param workgroups How many workgroups to start.
 * @param uniform Words of a uniform buffer, the last binding; none when empty. Four words a vec4.
 * @throws {GpuError} When an input has no data.
 */
export function run(
  backend: GpuBackend,
  program: Program,
  bindings: readonly Bound[],
  workgroups: Workgroups,
  uniform: Uint32Array = new Uint32Array(0),
): void {
  const { device } = backend;
  const compiled = compiledOn(device);
  const entries: GPUBindGroupEntry[] = bindings.map((bound, binding) => {
    if (!("dataId" in bound)) return { binding, resource: { buffer: bound } };
    backend.uploadToGPU(bound.dataId);
    backend.commandQueueOwnedIds.add(bound.dataId);
    const buffer = backend.tensorMap.get(bound.dataId).resource;
    if (!buffer) throw new GpuError(`Cannot run ${program.name}: input ${binding} has no data`);
    return { binding, resource: { buffer } };
  });
  if (uniform.length) {
    const buffer = backend.bufferManager.acquireBuffer(Math.ceil(uniform.length / 4) * 16, UNIFORM);
    device.queue.writeBuffer(buffer, 0, new Uint32Array(uniform));
    backend.uniformPendingDisposal.push(buffer);
    entries.push({ binding: entries.length, resource: { buffer } });
  }
  const record = (compiled: Compiled) => {
    const group = device.createBindGroup({ layout: compiled.layout, entries });
    backend.ensureCommandEncoderReady();
    if (!backend.commandEncoder) throw new GpuError(`Cannot run ${program.name}: no encoder`);
    const pass = backend.computePassEncoder ??= backend.commandEncoder.beginComputePass();
    pass.setPipeline(compiled.pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...workgroups);
  };
  const known = compiled.get(program.code);
  if (known) {
    record(known);
  } else {
    const forget = () => compiled.delete(program.code);
    const faults = faultsOf(device);
    faults.compiling(program.name, forget);
    faults.scoped(
      device,
      `the program ${program.name}`,
      () => {
        const pipeline = device.createComputePipeline({
          label: program.name,
          layout: "auto",
          compute: {
            module: device.createShaderModule({ label: program.name, code: program.code }),
            entryPoint: "main",
          },
        });
        const made = { pipeline, layout: pipeline.getBindGroupLayout(0) };
        compiled.set(program.code, made);
        record(made);
      },
      forget,
      program.name,
    );
  }
  backend.dispatchCountInPass++;
  if (backend.dispatchCountInPass >= tf.env().getNumber("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE")) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
}

/** By what writes them: two files may call theirs alike. */
const written = new WeakMap<object, Map<string, Program>>();

/**
 * A program that was written before, or the one that `write` gives.
 *
 * @param write Writes the program from `parts` alone.
 * @param parts All that it depends on.
 */
export function programOf<Parts extends readonly unknown[]>(
  write: (...parts: Parts) => Program,
  ...parts: Parts
): Program {
  let programs = written.get(write);
  if (!programs) written.set(write, programs = new Map());
  const key = JSON.stringify(parts);
  let program = programs.get(key);
  if (!program) programs.set(key, program = write(...parts));
  return program;
}

/** How many threads a workgroup of the element-by-element programs has. */
export const THREADS = 64;

/** Workgroups along one dimension at most: half of what WebGPU allows everywhere. */
const MOST_GROUPS = 32_768;

/**
 * Workgroups of {@linkcode THREADS} for `count` threads, within the limit of each dimension, and as few
 * more than needed as two dimensions allow.
 */
export function threads(count: number): Workgroups {
  const groups = Math.max(1, Math.ceil(count / THREADS));
  const y = Math.ceil(groups / MOST_GROUPS);
  return [Math.ceil(groups / y), y, 1];
}

/**
 * Whether as many threads are started as are wanted. Then no guard is needed: one has software
 * adapters mask every access that follows. Without it, a thread too many would write over the last
 * element on adapters that clamp indices.
 */
export function comesOutEven(count: number): boolean {
  const [x, y] = threads(count);
  return x * y * THREADS === count;
}

/** The entry point of a program of one-dimensional threads: `id` is the thread's number. */
export function threadMain(body: string): string {
  return `@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) w: vec3u, @builtin(num_workgroups) g: vec3u,
  @builtin(local_invocation_index) l: u32) {
  let id = (w.y * g.x + w.x) * ${THREADS}u + l;
${body}
}`;
}

/** Declares storage bindings 0, 1... (name, WGSL element type) of which the last `written` are written. */
export function storage(
  names: readonly (readonly [name: string, element: string])[],
  written = 1,
): string {
  return names.map(([name, element], i) =>
    `@group(0) @binding(${i}) var<storage, ${
      i < names.length - written ? "read" : "read_write"
    }> ${name}: array<${element}>;`
  ).join("\n");
}
