/**
 * What was seen in a video that is not labelled to its end, so that a run that goes on follows its
 * faces as if it had not been broken off.
 *
 * @module
 */
import type { RecognizedFace } from "../../../mod.ts";
import { writeFileAtomic } from "../../../src/model.ts";

/** A line of the file. */
type Line =
  | { readonly done: string }
  | { readonly video: string }
  | { readonly faces: readonly RecognizedFace[] };

/** The file beside the rows: `<rows>.seen.jsonl`. */
export class SeenFile {
  readonly #path: string | null;
  readonly #done = new Set<string>();
  #video: string | null = null;
  #moments: Array<readonly RecognizedFace[]> = [];
  #file: Deno.FsFile | null = null;

  private constructor(path: string | null) {
    this.#path = path;
  }

  /**
   * Reads what an earlier run left.
   *
   * @param path The file; null where nothing is to be kept.
   * @param isFresh Whether to begin anew.
   */
  static async open(path: string | null, isFresh: boolean): Promise<SeenFile> {
    const seen = new SeenFile(path);
    if (path === null || isFresh) return seen;
    const text = await Deno.readTextFile(path).catch(() => "");
    const lines = text.split("\n");
    // What follows the last line break is half a line.
    for (const line of lines.slice(0, -1)) {
      const value: Line = JSON.parse(line);
      if ("done" in value) seen.#done.add(value.done);
      else if ("video" in value) [seen.#video, seen.#moments] = [value.video, []];
      else seen.#moments.push(value.faces);
    }
    return seen;
  }

  /** Whether a video was labelled to its end. */
  isDone(video: string): boolean {
    return this.#done.has(video);
  }

  /**
   * Begins a video.
   *
   * @param video The video.
   * @returns What was seen at its first moments by an earlier run.
   */
  async begin(video: string): Promise<ReadonlyArray<readonly RecognizedFace[]>> {
    const before = this.#video === video ? this.#moments : [];
    this.#video = video;
    const done = [...this.#done].map((each) => ({ done: each }));
    await this.#rewrite([...done, { video }, ...before.map((faces) => ({ faces }))]);
    return before;
  }

  async #rewrite(lines: readonly Line[]): Promise<void> {
    if (this.#path === null) return;
    this.#file?.close();
    await writeFileAtomic(
      this.#path,
      new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join("")),
    );
    this.#file = await Deno.open(this.#path, { append: true });
  }

  /** Adds what was seen at the next moments of the video. */
  async add(moments: ReadonlyArray<readonly RecognizedFace[]>): Promise<void> {
    const text = moments.map((faces) => `${JSON.stringify({ faces })}\n`).join("");
    for (let bytes = new TextEncoder().encode(text); this.#file && bytes.length > 0;) {
      bytes = bytes.subarray(await this.#file.write(bytes));
    }
  }

  /** Notes that the video was labelled to its end. */
  async end(): Promise<void> {
    if (this.#video !== null) this.#done.add(this.#video);
    this.#video = null;
    await this.#rewrite([...this.#done].map((done) => ({ done })));
  }

  /** Closes the file. */
  close(): void {
    this.#file?.close();
    this.#file = null;
  }
}
