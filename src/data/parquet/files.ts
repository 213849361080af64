/**
 * Parquet files in a folder.
 *
 * @module
 */
import { isSystemName } from "../system_files.ts";

const PARQUET = /\.(?:parquet|pq)$/i;

/** Whether a name is that of a Parquet file. */
export function isParquetName(name: string): boolean {
  return PARQUET.test(name);
}

/**
 * The Parquet files in a folder and in the folders in it; what else is there is passed over.
 *
 * @param folder The folder.
 * @returns Paths below the folder, sorted.
 * @throws {Error} When it cannot be read.
 */
export async function findParquetFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (below: string): Promise<void> => {
    for await (const { name, isDirectory, isSymlink } of Deno.readDir(`${folder}/${below}`)) {
      // Tools keep caches in hidden folders.
      if (isSystemName(name) || name.startsWith(".")) continue;
      if (isDirectory) await visit(`${below}${name}/`);
      else if (
        isParquetName(name) && (!isSymlink || await leadsToFile(`${folder}/${below}${name}`))
      ) {
        found.push(`${below}${name}`);
      }
    }
  };
  await visit("");
  return found.sort();
}

const leadsToFile = (link: string): Promise<boolean> =>
  Deno.stat(link).then(({ isFile }) => isFile, () => false);
