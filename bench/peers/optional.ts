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
