/**
 * The version of the graphics driver, which WebGPU itself does not tell.
 *
 * @module
 */

/** Where the Vulkan loader of Linux looks for drivers. */
const MANIFEST_FOLDERS = [
  "/usr/share/vulkan/icd.d",
  "/etc/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
];

/** Where Linux distributions keep libraries. */
const LIBRARY_FOLDERS = [
  `/usr/lib/${Deno.build.arch}-linux-gnu`,
  "/usr/lib64",
  "/usr/lib",
  "/usr/local/lib",
];

/** Mesa's manifests by the PCI vendor that an adapter reports; 0x10005 is Mesa itself. */
const MESA_DRIVERS: Readonly<Record<string, string>> = {
  [0x10005]: "lvp",
  [0x1002]: "radeon",
  [0x8086]: "intel",
  [0x1af4]: "virtio",
};

const NVIDIA = 0x10de;

/** The first text that a pattern finds in a file of any size. */
async function findInFile(path: string, pattern: RegExp): Promise<string | null> {
  const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
  return pattern.exec(text)?.[0] ?? null;
}

/** The library that a Vulkan manifest names. */
async function libraryOf(manifest: string): Promise<string | null> {
  const library: unknown = JSON.parse(await Deno.readTextFile(manifest))?.ICD?.library_path;
  if (typeof library !== "string") return null;
  if (library.startsWith("/")) return library;
  const file = library.replace(/.*\//, "");
  for (const folder of LIBRARY_FOLDERS) {
    try {
      await Deno.stat(`${folder}/${file}`);
      return `${folder}/${file}`;
    } catch { /* not here */ }
  }
  return null;
}

async function mesaVersion(driver: string): Promise<string | null> {
  for (const folder of MANIFEST_FOLDERS) {
    try {
      for await (const entry of Deno.readDir(folder)) {
        if (!new RegExp(`^${driver}_icd.*\\.json$`).test(entry.name)) continue;
        const library = await libraryOf(`${folder}/${entry.name}`);
        const found = library && await findInFile(library, /Mesa \d+\.\d+\.\d+[\w.-]*/);
        if (found) return found;
      }
    } catch { /* no such folder, or not to be read */ }
  }
  return null;
}

/**
 * The driver behind an adapter and its version.
 *
 * @param vendor The adapter's vendor, as `GPUAdapterInfo` gives it.
 * @returns For instance `Mesa 25.0.7`; `null` where it cannot be found out.
 */
export async function driverVersion(vendor: string): Promise<string | null> {
  if (Deno.build.os !== "linux") return null;
  if (Number(vendor) === NVIDIA) {
    const found = await findInFile("/proc/driver/nvidia/version", /\b\d{3}\.\d+(\.\d+)?\b/)
      .catch(() => null);
    return found && `NVIDIA ${found}`;
  }
  const driver = MESA_DRIVERS[vendor];
  return driver ? await mesaVersion(driver) : null;
}
