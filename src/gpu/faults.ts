/**
 * What a device refused, so that nobody takes for a result what was never computed.
 *
 * WebGPU reports a refusal later and elsewhere: what follows goes on, on zeros. So each refusal ends
 * a generation: what was computed in it, and what was kept of it, is not to be trusted.
 *
 * @module
 */
import { GpuError } from "./errors.ts";

const SCOPES = ["internal", "out-of-memory", "validation"] as const;

/** A device's refusals. */
export class DeviceFaults {
  /** How many refusals there were. */
  #generation = 0;
  #last: GpuError | null = null;
  /** Whether a result was read without a fault since the last refusal. */
  #isOver = true;
  #unheard: GpuError | null = null;
  /** Error scopes that have not reported yet. */
  readonly #pending = new Set<Promise<void>>();
  /** Programs that were compiled since a result was last read without a fault, by what forgets them. */
  readonly #fresh = new Map<string, () => void>();
  readonly #forget: (() => void)[] = [];

  /** Counts up with each refusal; what was made in an earlier one is to be made anew. */
  get generation(): number {
    return this.#generation;
  }

  /** The last refusal. */
  get last(): GpuError | null {
    return this.#last;
  }

  /**
   * Notes a program that is about to be compiled.
   *
   * @param name What messages call it.
   * @param forget Drops it from a cache, should it be refused.
   */
  compiling(name: string, forget?: () => void): void {
    this.#fresh.set(name, forget ?? this.#fresh.get(name) ?? (() => {}));
  }

  /**
   * Has something done whenever the device refuses something: a cache dropped.
   *
   * @param forget What.
   */
  onRefusal(forget: () => void): void {
    this.#forget.push(forget);
  }

  /**
   * Takes up a refusal.
   *
   * @param what What was refused, or is thought to have been.
   * @param message Why, as far as the device says.
   * @param program The program, where it is known; else the last that was compiled is named.
   * @param isOutOfMemory Whether it was memory.
   */
  report(
    what: string,
    message: string | undefined,
    program?: string,
    isOutOfMemory = false,
  ): void {
    const why = message?.replaceAll(/\s+/g, " ").trim() || "it gives no reason";
    const latest = [...this.#fresh.keys()].at(-1);
    const named = program === undefined && latest !== undefined && !isOutOfMemory
      ? `${what} (the last program that was compiled is ${latest})`
      : what;
    this.#generation++;
    const blamed = program ?? latest ?? null;
    // A refused program is followed by commands that are refused for it, refused memory by both: the
    // first says most.
    const isFirst = this.#isOver || !this.#last;
    const saysMore = !this.#last?.isOutOfMemory && (!this.#last?.program || program !== undefined);
    if (isOutOfMemory && (isFirst || !this.#last?.isOutOfMemory)) {
      const text = `The GPU is out of memory, it refused ${what}: ${why}`;
      this.#last = new GpuError(text, null, { isOutOfMemory });
    } else if (isFirst || saysMore) {
      this.#last = new GpuError(`The GPU refused ${named}: ${why}`, blamed);
    }
    this.#isOver = false;
    this.#unheard ??= this.#last;
    // Whoever tries them again compiles them again, and hears of it again.
    for (const forget of [...this.#fresh.values(), ...this.#forget]) forget();
    this.#fresh.clear();
  }

  /**
   * Runs what may be refused, in error scopes of its own.
   *
   * @param device The device.
   * @param what What messages call it.
   * @param work What may be refused; synchronous.
   * @param onRefusal Called when it was, before anything is reported.
   * @param program The program's name, where it is one.
   */
  scoped<T>(
    device: GPUDevice,
    what: string,
    work: () => T,
    onRefusal: () => void = () => {},
    program?: string,
  ): T {
    for (const filter of SCOPES) device.pushErrorScope(filter);
    try {
      return work();
    } finally {
      const scopes = SCOPES.map(() => device.popErrorScope());
      const report = Promise.all(scopes).then((errors) => {
        // The inner scope comes first, and says most.
        const error = errors.find((each) => each !== null);
        if (!error) return;
        onRefusal();
        const isMemory = error === errors[1];
        this.report(what, error.message, program, isMemory);
      }, () => {
        // A lost device has no scopes; its loss speaks for itself.
      }).finally(() => this.#pending.delete(report));
      this.#pending.add(report);
    }
  }

  /** Waits until the device has judged all that was tried. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Notes that a result was read and nothing was refused: what was compiled for it is sound. */
  trust(): void {
    if (this.#pending.size > 0) return;
    this.#fresh.clear();
    this.#isOver = true;
  }

  /**
   * Speaks up for a refusal that nobody has heard of.
   *
   * @throws {GpuError} Once for each.
   */
  check(): void {
    const error = this.#unheard;
    this.#unheard = null;
    if (error) throw error;
  }
}

const faults = new WeakMap<GPUDevice, DeviceFaults>();

/**
 * A device's refusals.
 *
 * @param device The device, or what stands for it.
 */
export function faultsOf(device: GPUDevice): DeviceFaults {
  let found = faults.get(device);
  if (!found) faults.set(device, found = new DeviceFaults());
  return found;
}

/**
 * Lets two objects stand for one device.
 *
 * @param device The device.
 * @param standIn What stands for it.
 */
export function shareFaults(device: GPUDevice, standIn: GPUDevice): void {
  faults.set(standIn, faultsOf(device));
}
