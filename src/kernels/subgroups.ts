/**
 * What a device's subgroups are: threads that run in step and can read each other's registers.
 *
 * On a software adapter a subgroup is a vector register of the processor. Fetching from memory takes
 * a jump for each of its threads there, handing a value round takes one instruction.
 *
 * @module
 */

/** The subgroups of a device. */
export interface Subgroups {
  /** Threads of a subgroup: the same for every program; 0 where they cannot be used. */
  readonly size: number;
  /** What a program that uses them begins with. */
  readonly directive: string;
}

/** A device whose subgroups cannot be used. */
export const NO_SUBGROUPS: Subgroups = { size: 0, directive: "" };

const DIRECTIVES = ["enable subgroups;\n", ""];

const TRIAL = `
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) l: u32) { x[l] = subgroupBroadcast(l, 1u); }`;

const known = new WeakMap<GPUDevice, Subgroups>();

/** What {@linkcode findSubgroups} found out about a device. */
export function subgroupsOf(device: GPUDevice): Subgroups {
  return known.get(device) ?? NO_SUBGROUPS;
}

/**
 * Finds out what a device's subgroups are.
 *
 * WGSL wants the directive `enable subgroups`; Deno's compiler knows the functions and refuses the
 * directive, so both ways are tried.
 *
 * @param device The device, which is asked.
 * @param info What its adapter says of itself.
 * @param standIn What stands for the device with whoever asks {@linkcode subgroupsOf}.
 */
export async function findSubgroups(
  device: GPUDevice,
  info: GPUAdapterInfo | undefined,
  standIn: GPUDevice = device,
): Promise<Subgroups> {
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = (info ?? {}) as {
    readonly subgroupMinSize?: number;
    readonly subgroupMaxSize?: number;
  };
  const hasFeature = device.features.has("subgroups" as GPUFeatureName);
  if (!hasFeature || subgroupMinSize !== subgroupMaxSize) return NO_SUBGROUPS;
  for (const directive of DIRECTIVES) {
    device.pushErrorScope("validation");
    device.createShaderModule({ label: "subgroups", code: directive + TRIAL });
    if (await device.popErrorScope()) continue;
    const found = { size: subgroupMinSize, directive };
    for (const each of [device, standIn]) known.set(each, found);
    return found;
  }
  return NO_SUBGROUPS;
}
