/**
 * Whose backend stands under tfjs's name `webgpu`: there can be one at a time, and whoever leaves
 * gives the name back to whom it was taken from.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** tfjs's name for its WebGPU backend. */
const NAME = "webgpu";

/** The parts of tfjs's engine that are used, private to TypeScript alone. */
interface Registry {
  backendName: string | null;
  backendInstance: tf.KernelBackend | null;
  readonly registry: Record<string, tf.KernelBackend>;
  readonly registryFactory: Record<string, { factory: () => tf.KernelBackend; priority: number }>;
}

const engine = (): Registry => tf.engine() as unknown as Registry;

/** A backend that stands, or stood, under the name. */
interface Holder {
  readonly backend: tf.KernelBackend;
  /** What stood there before, and on what tfjs computed. */
  before: {
    readonly factory: Registry["registryFactory"][string] | undefined;
    readonly instance: tf.KernelBackend | undefined;
    readonly name: string | null;
  };
}

/** Those of this module, the last of them in possession of the name. */
const holders: Holder[] = [];

/** Puts a factory and an instance under the name, without disposing of what stands there. */
function put(
  factory: Registry["registryFactory"][string] | undefined,
  instance: tf.KernelBackend | undefined,
): void {
  const { registry, registryFactory } = engine();
  if (factory) registryFactory[NAME] = factory;
  else delete registryFactory[NAME];
  if (instance) registry[NAME] = instance;
  else delete registry[NAME];
}

/** Has tfjs compute on a backend that is registered; on none where it computed on none. */
function computeOn(name: string | null): void {
  const registry = engine();
  const isThere = name !== null && name in registry.registryFactory;
  if (isThere) {
    // Its part until the first wait is all there is, for a backend that has started before.
    void tf.setBackend(name);
  } else {
    registry.backendName = null;
    registry.backendInstance = null;
  }
}

/**
 * Gives a backend the name, and has tfjs compute on it. What stood there is kept, not disposed of.
 *
 * @param backend The backend.
 */
export async function hold(backend: tf.KernelBackend): Promise<void> {
  const { registry, registryFactory, backendName } = engine();
  holders.push({
    backend,
    before: { factory: registryFactory[NAME], instance: registry[NAME], name: backendName },
  });
  put({ factory: () => backend, priority: 3 }, backend);
  await tf.setBackend(NAME);
}

/**
 * Takes a backend out, and disposes of it. If it has the name, who had it before has it again.
 *
 * @param backend The backend.
 */
export function release(backend: tf.KernelBackend): void {
  const at = holders.findIndex((each) => each.backend === backend);
  if (at < 0) return;
  const [{ before }] = holders.splice(at, 1);
  const next = holders[at];
  const isCurrent = engine().registry[NAME] === backend;
  const computes = isCurrent && engine().backendName === NAME;
  // Who came later gives the name back to whom this one would have.
  if (next) next.before = before;
  else if (isCurrent) put(before.factory, before.instance);
  if (computes) computeOn(before.name);
  (backend as tf.KernelBackend & { dispose(): void }).dispose();
}
