/**
 * Networks for PyTorch.
 *
 * @module
 */
import { isNotFound } from "../files/errors.ts";
import { fileSystem } from "../files/file_system.ts";
import { writeFileAtomic } from "../model/atomic_write.ts";
import { CheckpointError } from "../model/checkpoint_error.ts";
import { decodeModel, encodeModel, explainsItself } from "../model/model_file.ts";
import { readSafetensors } from "../model/safetensors.ts";
import { readSource } from "../model/source.ts";
import { PYTORCH_TITLE, pytorchProgram } from "./pytorch_program.ts";

/** Whether a file is there that this module did not write. */
async function isForeign(path: string): Promise<boolean> {
  try {
    const { readFile } = await fileSystem();
    return !(await readFile(path, "utf8")).startsWith(PYTORCH_TITLE);
  } catch (error) {
    return !isNotFound(error);
  }
}

/**
 * Writes a model file for PyTorch, and beside it the Python module that builds its network.
 *
 * A model file has PyTorch's names and layouts already: what is written is a copy of it, byte for
 * byte, once it has been loaded without complaint. A file of PyTorch's own, which does not say what
 * is in it, is written anew with what `loadModel()` makes of it.
 *
 * @param source The model file: a path, a `file:` or `https:` URL, or its bytes.
 * @param path Where to, for instance `fer.safetensors`, in a folder that exists; the module is then
 * `fer.py`. Files of these names are replaced, but a module of somebody else's is not.
 * @returns The paths that were written: the weights' and the module's.
 * @throws {CheckpointError} When there is no such file, it is no model file, or it cannot be written.
 *
 * @example
 * ```ts
 * import { buildFerNet, encodeModel } from "@fer/core/model";
 * import { savePyTorch } from "@fer/core/export";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const bytes = await encodeModel(buildFerNet({ filters: [2, 4] }));
 * await savePyTorch(bytes, `${folder}/fer.safetensors`);
 * assertEquals(await Deno.readFile(`${folder}/fer.safetensors`), bytes);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function savePyTorch(
  source: string | URL | Uint8Array,
  path: string,
): Promise<[weights: string, module: string]> {
  const { bytes, name } = await readSource(source);
  const file = readSafetensors(bytes, name);
  const { model } = decodeModel(file, name);
  const weights = explainsItself(file) ? bytes : await encodeModel(model);
  model.dispose();
  const program = `${path.replace(/\.safetensors$/i, "")}.py`;
  if (await isForeign(program)) {
    throw new CheckpointError(
      `Cannot write ${program}: it is there already, and not from an export`,
    );
  }
  await writeFileAtomic(path, weights);
  await writeFileAtomic(program, pytorchProgram());
  return [path, program];
}
