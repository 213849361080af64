/**
 * The one door through which results come back from tfjs's WebGPU backend.
 *
 * @module
 */
import type { DeviceFaults } from "./faults.ts";

/** A tensor's key. */
type DataId = object;

/** The parts of tfjs's `WebGPUBackend` that are guarded. */
export interface ReadableBackend {
  readonly tensorMap: {
    set(dataId: DataId, data: { readonly values?: unknown }): void;
  };
  read(dataId: DataId): Promise<unknown>;
  readSync(dataId: DataId): unknown;
}

/**
 * Has a backend give no number that was never computed: what the device computed in a generation in
 * which it refused something cannot be read, not even later.
 *
 * Values that came from the host stay readable: a model's weights are still there when memory is back.
 *
 * @param backend tfjs's backend.
 * @param faults Its device's refusals.
 * @param untilLost Waits for a result no longer than there is a device to give it.
 */
export function guardReads(
  backend: ReadableBackend,
  faults: DeviceFaults,
  untilLost: <T>(result: Promise<T>) => Promise<T>,
): void {
  /** In which generation each tensor was computed; none for what came from the host. */
  const computed = new WeakMap<DataId, number>();
  const { tensorMap } = backend;
  const set = tensorMap.set.bind(tensorMap);
  tensorMap.set = (dataId, data) => {
    if (data.values === undefined || data.values === null) computed.set(dataId, faults.generation);
    set(dataId, data);
  };
  const check = (generation: number | undefined): void => {
    if (generation === undefined) return;
    const { last } = faults;
    if (last && generation < faults.generation) {
      // Whoever reads hears of it: nobody else has to.
      try {
        faults.check();
      } catch {
        // It is thrown below, and for each reader anew.
      }
      throw last;
    }
    faults.trust();
  };
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    const generation = computed.get(dataId);
    let values: unknown;
    try {
      values = await untilLost(read(dataId));
    } catch (error) {
      await faults.settled();
      check(generation);
      throw error;
    }
    await faults.settled();
    check(generation);
    return values;
  };
  const readSync = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    const values = readSync(dataId);
    check(computed.get(dataId));
    return values;
  };
}
