/**
 * The disk, in every runtime that has one.
 *
 * @module
 */
import type * as promises from "node:fs/promises";
import { processOf, runtime } from "../runtime.ts";

/** What Deno, Node and Bun have alike. */
export type FileSystem = typeof promises;

/** Put together here, since bundlers for browsers look for names that are written out. */
const nodeModule = (...parts: readonly string[]): string => `node:${parts.join("/")}`;

/** Whether there is a disk. */
export function hasFileSystem(): boolean {
  return processOf() !== undefined;
}

/**
 * Loads the file system.
 *
 * @throws {Error} In a browser, which has none.
 */
export async function fileSystem(): Promise<FileSystem> {
  if (!hasFileSystem()) throw new Error(`${runtime()} has no file system`);
  return await import(/* @vite-ignore */ /* webpackIgnore: true */ nodeModule("fs", "promises"));
}

/** Bytes of a chunk. */
const CHUNK = 2 ** 16;

/**
 * A file's bytes, read as they are asked for.
 *
 * @param file An open file; it is closed at its end, or when the stream is cancelled.
 */
export function streamOf(file: promises.FileHandle): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      try {
        const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK), 0, CHUNK);
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
        await file.close();
        controller.close();
      } catch (error) {
        await file.close().catch(() => {});
        throw error;
      }
    },
    cancel: () => file.close(),
  });
}

/**
 * Reads a file that an npm package brings along, where the package cannot do so itself: Node's
 * `fetch` knows no `file:` addresses.
 *
 * @param specifier The package's name and the file's path in it.
 * @returns Its bytes; null where the package finds it by itself.
 * @throws {Error} When there is no such file, or it cannot be read.
 */
export async function readPackageFile(specifier: string): Promise<Uint8Array | null> {
  if (runtime() !== "Node") return null;
  const { createRequire } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ nodeModule("module")
  );
  const { readFile } = await fileSystem();
  return await readFile(createRequire(import.meta.url).resolve(specifier));
}
