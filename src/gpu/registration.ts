/**
 * Whose backend stands under a name of tfjs's, `webgpu` or `wasm`: there can be one at a time, and
 * whoever leaves gives the name back to whom it was taken from.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** tfjs's names for backends that are started here. */
export type BackendName = "webgpu" | "wasm";

/** What they are worth to tfjs, should it choose by itself. */
const PRIORITY = { webgpu: 3, wasm: 2 } as const;

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
  readonly name: BackendName;
  readonly backend: tf.KernelBackend;
  /** What stood there before, and on what tfjs computed. */
  before: {
    readonly factory: Registry["registryFactory"][string] | undefined;
    readonly instance: tf.KernelBackend | undefined;
    readonly name: string | null;
  };
}

/** Those of this module, of each name the last of them in possession of it. */
const holders: Holder[] = [];

/** Puts a factory and an instance under the name, without disposing of what stands there. */
function put(
  name: BackendName,
  factory: Registry["registryFactory"][string] | undefined,
  instance: tf.KernelBackend | undefined,
): void {
  const { registry, registryFactory } = engine();
  if (factory) registryFactory[name] = factory;
  else delete registryFactory[name];
  if (instance) registry[name] = instance;
  else delete registry[name];
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
 * @param name The name.
 * @param backend The backend.
 */
export async function hold(name: BackendName, backend: tf.KernelBackend): Promise<void> {
  const { registry, registryFactory, backendName } = engine();
  holders.push({
    name,
    backend,
    before: { factory: registryFactory[name], instance: registry[name], name: backendName },
  });
  put(name, { factory: () => backend, priority: PRIORITY[name] }, backend);
  await tf.setBackend(name);
}

/**
 * Takes a backend out, and disposes of it. If it has the name, who had it before has it again.
 *
 * @param backend The backend.
 */
export function release(backend: tf.KernelBackend): void {
  const at = holders.findIndex((each) => each.backend === backend);
  if (at < 0) return;
  const [{ name, before }] = holders.splice(at, 1);
  const isCurrent = engine().registry[name] === backend;
  const computes = isCurrent && engine().backendName === name;
  // Who came later gives the name, and the computing, back to whom this one would have.
  const next = holders.slice(at).find((each) => each.name === name);
  const after = holders.at(at);
  if (after?.before.name === name) after.before = { ...after.before, name: before.name };
  if (next) next.before = { ...next.before, factory: before.factory, instance: before.instance };
  else if (isCurrent) put(name, before.factory, before.instance);
  if (computes) computeOn(before.name);
  (backend as tf.KernelBackend & { dispose(): void }).dispose();
}
