/**
 * Keeps tfjs from making anew, at every step, what the step before has made.
 *
 * tfjs makes a bind group for every program it runs and leaves it to the garbage collector, which
 * does not see what it costs: on Mesa's software driver each is a memory mapping of its own, and a
 * process that has 65,530 of them dies. Bind groups can be kept, as long as the same buffers come
 * together again. They do when a freed buffer is always taken in the same order: a training step
 * then finds the buffers as the step before found them.
 *
 * @module
 */
import { faultsOf, shareFaults } from "../gpu/faults.ts";

/** Bind groups that are kept at most. */
const MOST_BIND_GROUPS = 16_384;

/** The parts of tfjs's buffer manager that matter here. */
export interface BufferManager {
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  acquireBuffer(size: number, usage: number, ...rest: boolean[]): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
}

/** Buffers that there was no memory for: they are not to be lent again. */
const refusedBuffers = new WeakSet<GPUBuffer>();

/** Numbers objects in the order in which it first sees them. */
class Numbering {
  readonly #numbers = new WeakMap<object, number>();
  #next = 0;

  of(object: object): number {
    let number = this.#numbers.get(object);
    if (number === undefined) this.#numbers.set(object, number = this.#next++);
    return number;
  }
}

/** What binds only buffers, as a string; null for anything else. */
function keyOf(descriptor: GPUBindGroupDescriptor, numbering: Numbering): string | null {
  let key = `${numbering.of(descriptor.layout)}`;
  for (const { binding, resource } of descriptor.entries) {
    if (!("buffer" in resource)) return null;
    const { buffer, offset = 0, size = "" } = resource;
    key += ` ${binding}:${numbering.of(buffer)}:${offset}:${size}`;
  }
  return key;
}

/** Every call for a pipeline's layout makes a new object: keep the first. */
function keepLayouts<T extends GPUComputePipeline>(pipeline: T): T {
  const layouts: GPUBindGroupLayout[] = [];
  const make = pipeline.getBindGroupLayout.bind(pipeline);
  return Object.assign(pipeline, {
    getBindGroupLayout: (index: number): GPUBindGroupLayout => layouts[index] ??= make(index),
  });
}

/**
 * A device that gives the same bind group for the same buffers.
 *
 * @param device The device; it is left as it is.
 * @returns What stands for it: all else is passed on.
 */
export function reusingDevice(device: GPUDevice): GPUDevice {
  const faults = faultsOf(device);
  const numbering = new Numbering();
  const groups = new Map<string, GPUBindGroup>();

  const createBindGroup = (descriptor: GPUBindGroupDescriptor): GPUBindGroup => {
    const key = keyOf(descriptor, numbering);
    if (key === null) return device.createBindGroup(descriptor);
    const group = groups.get(key) ?? device.createBindGroup(descriptor);
    // Taken out and put back, the last used stands last.
    groups.delete(key);
    groups.set(key, group);
    if (groups.size > MOST_BIND_GROUPS) {
      for (const oldest of groups.keys()) {
        groups.delete(oldest);
        break;
      }
    }
    return group;
  };
  const own: Readonly<Record<PropertyKey, unknown>> = {
    createBindGroup,
    // tfjs's own programs, too, are to be named when they are refused.
    createShaderModule: (descriptor: GPUShaderModuleDescriptor) =>
      faults.scoped(
        device,
        `the program ${descriptor.label}`,
        () => device.createShaderModule(descriptor),
        () => {},
        descriptor.label,
      ),
    createComputePipeline: (descriptor: GPUComputePipelineDescriptor) => {
      const { label = "without a name" } = descriptor;
      faults.compiling(label);
      return faults.scoped(
        device,
        `the program ${label}`,
        () => {
          const pipeline = keepLayouts(device.createComputePipeline(descriptor));
          // An invalid pipeline that says nothing of itself has no layout to give.
          pipeline.getBindGroupLayout(0);
          return pipeline;
        },
        () => {},
        label,
      );
    },
    createBuffer: (descriptor: GPUBufferDescriptor) => {
      const what = `a buffer of ${descriptor.size.toLocaleString("en")} bytes`;
      const buffer: GPUBuffer = faults.scoped(
        device,
        what,
        () => device.createBuffer(descriptor),
        () => refusedBuffers.add(buffer),
      );
      if (!descriptor.mappedAtCreation) return buffer;
      // Where there is no memory, it is the mapping that fails, and no error scope hears of it.
      const map = buffer.getMappedRange.bind(buffer);
      return Object.assign(buffer, {
        getMappedRange: (...range: Parameters<GPUBuffer["getMappedRange"]>): ArrayBuffer => {
          try {
            return map(...range);
          } catch (error) {
            refusedBuffers.add(buffer);
            faults.report(what, (error as Error).message, undefined, true);
            throw error;
          }
        },
      });
    },
    createComputePipelineAsync: async (descriptor: GPUComputePipelineDescriptor) =>
      keepLayouts(await device.createComputePipelineAsync(descriptor)),
  };
  const standIn = new Proxy(device, {
    get(target, property): unknown {
      if (Object.hasOwn(own, property)) return own[property];
      const value = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  shareFaults(device, standIn);
  return standIn;
}

/**
 * Has a buffer manager give out, of the free buffers of a kind, the one it has had longest.
 *
 * @param manager tfjs's buffer manager.
 */
export function takeOldestBuffer(manager: BufferManager): void {
  const numbering = new Numbering();
  const release = manager.releaseBuffer.bind(manager);
  manager.releaseBuffer = (buffer, reuse) =>
    release(buffer, refusedBuffers.has(buffer) ? false : reuse);
  const acquire = manager.acquireBuffer.bind(manager);
  manager.acquireBuffer = (size, usage, ...rest) => {
    // tfjs takes the last of the list under this key.
    const free = manager.freeBuffers.get(`${size}_${usage}`) ?? [];
    const last = free.length - 1;
    let oldest = last;
    for (let i = last - 1; i >= 0; i--) {
      if (numbering.of(free[i]) < numbering.of(free[oldest])) oldest = i;
    }
    if (oldest >= 0) [free[oldest], free[last]] = [free[last], free[oldest]];
    let buffer = acquire(size, usage, ...rest);
    while (refusedBuffers.has(buffer)) {
      release(buffer, false);
      buffer = acquire(size, usage, ...rest);
    }
    numbering.of(buffer);
    return buffer;
  };
}
