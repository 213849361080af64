/**
 * Packages that only the comparison needs: each is fetched when its peer starts, and a peer whose
 * package cannot be had is missing, no more. Deno fetches what is named in an `import` for every
 * task and every check; so these are not.
 *
 * @module
 */

/** What is imported, with exact versions. */
const PACKAGES = {
  "@jax-js/jax": "0.1.25",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
  "@vladmandic/face-api": "1.7.15",
  "@vladmandic/human": "3.3.6",
  "onnxruntime-node": "1.27.0",
} as const;

/** Name and version of a package. */
export function versionOf(name: keyof typeof PACKAGES): string {
  return `${name} ${PACKAGES[name]}`;
}

/**
 * Imports a package.
 *
 * @typeParam Module The part of its interface that is used.
 */
export async function importPackage<Module>(name: keyof typeof PACKAGES): Promise<Module> {
  const specifier = `npm:${name}@${PACKAGES[name]}`;
  return await import(specifier) as Module;
}

/**
 * Fetches a package whose files are read, not run.
 *
 * @returns Its folder, with a slash at its end.
 * @throws {Error} When it cannot be had.
 */
export async function packageFolder(name: keyof typeof PACKAGES): Promise<URL> {
  const specifier = `npm:${name}@${PACKAGES[name]}`;
  // Importing fetches the package, also where it does not export the file; nothing of it runs.
  const why = await import(`${specifier}/package.json`, { with: { type: "json" } })
    .then(() => "", (error: Error) => error.message);
  const main = import.meta.resolve(specifier);
  const end = `/${name}/${PACKAGES[name]}/`;
  const at = main.lastIndexOf(end);
  if (!main.startsWith("file:") || at < 0) {
    throw new Error(`Cannot fetch ${specifier}: ${why.split("\n", 1)[0] || "it is nowhere"}`);
  }
  return new URL(main.slice(0, at + end.length));
}
