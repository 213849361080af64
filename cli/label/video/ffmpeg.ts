/**
 * Videos, read and written by ffmpeg through pipes.
 *
 * @module
 */
import { Canvas } from "../../../src/draw/canvas.ts";

/** What to do where there is no ffmpeg. */
const INSTALL =
  "videos need ffmpeg: apt-get install ffmpeg (Debian, Ubuntu), dnf install ffmpeg-free " +
  "(Fedora), brew install ffmpeg (macOS), winget install ffmpeg (Windows)";

const VIDEO = /\.(?:mp4|m4v|mov|mkv|webm|avi|mpe?g|wmv|flv|ogv|3gp|mts|m2ts)$/i;

/** Whether a file's name is that of a video. */
export function isVideoName(name: string): boolean {
  return VIDEO.test(name);
}

/** A name that ffmpeg takes for a file, whatever it is called. */
const fileName = (path: string): string => `file:${path}`;

function start(
  args: readonly string[],
  what: string,
  options: Deno.CommandOptions,
): Deno.ChildProcess {
  try {
    return new Deno.Command("ffmpeg", {
      args: ["-hide_banner", "-nostdin", "-loglevel", "error", ...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      ...options,
    }).spawn();
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound
      ? INSTALL
      : cause instanceof Deno.errors.NotCapable
      ? "it needs the permission --allow-run=ffmpeg"
      : (cause as Error).message;
    throw new Error(`Cannot ${what}: ${reason}`, { cause });
  }
}

/** What ffmpeg complained of last. */
async function complaint(stream: ReadableStream<Uint8Array>): Promise<string> {
  const lines = (await new Response(stream).text()).trim().split(/\r?\n/).filter(Boolean);
  return lines.at(-1)?.replace(/^\[[^\]]*\]\s*|^.*file:[^:]*: /g, "") ?? "ffmpeg gave no reason";
}

/** Bytes of a stream, as many as are asked for. */
class Bytes {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** So many bytes; fewer only where the stream ends. */
  async take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#reader.read();
        if (done) return bytes.subarray(0, at);
        this.#rest = value as Uint8Array<ArrayBuffer>;
      }
      const part = this.#rest.subarray(0, length - at);
      bytes.set(part, at);
      at += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return bytes;
  }

  /** A word of a PNM header, and the one byte of space behind it; empty at the stream's end. */
  async word(): Promise<string> {
    let text = "";
    while (true) {
      const byte = await this.take(1);
      if (byte.length === 0) return text;
      const letter = String.fromCharCode(byte[0]);
      if (/\s/.test(letter)) {
        if (text !== "") return text;
      } else text += letter;
    }
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }
}

/**
 * The pictures of a video at even moments: the first at 0 s, then one every `1 / fps` seconds, turned
 * as the video says.
 *
 * @param path The video.
 * @param fps Pictures a second.
 * @throws {Error} When there is no ffmpeg, or it cannot read the file.
 */
export async function* videoFrames(
  path: string,
  fps: number,
): AsyncGenerator<Canvas, void, undefined> {
  const filter = `fps=${fps}:start_time=0:round=near`;
  const child = start(
    [
      ...["-i", fileName(path), "-map", "0:v:0", "-vf", filter],
      ...["-c:v", "ppm", "-f", "image2pipe", "-"],
    ],
    `read ${path}`,
    { stdout: "piped" },
  );
  const why = complaint(child.stderr);
  const bytes = new Bytes(child.stdout);
  let isWhole = false;
  try {
    while (true) {
      const magic = await bytes.word();
      if (magic === "") break;
      const [width, height, most] = [await bytes.word(), await bytes.word(), await bytes.word()]
        .map(Number);
      const data = await bytes.take(3 * width * height);
      if (magic !== "P6" || most !== 255 || data.length < 3 * width * height) break;
      yield new Canvas(width, height, data);
    }
    isWhole = true;
  } finally {
    await bytes.cancel();
    if (!isWhole) {
      try {
        child.kill("SIGKILL");
      } catch { /* It has ended. */ }
    }
    await child.status;
  }
  const [{ success }, reason] = [await child.status, await why];
  if (!success) throw new Error(`Cannot read ${path}: ${reason}`);
}

/** Writes a video, picture by picture. */
export class VideoWriter {
  readonly #path: string;
  readonly #fps: number;
  #child: Deno.ChildProcess | null = null;
  #writer: WritableStreamDefaultWriter<Uint8Array> | null = null;
  #why: Promise<string> = Promise.resolve("");

  /**
   * @param path Where it goes, an MP4 file; it is whole only once it is closed.
   * @param fps Pictures a second.
   */
  constructor(path: string, fps: number) {
    this.#path = path;
    this.#fps = fps;
  }

  get #part(): string {
    return `${this.#path}.part`;
  }

  /**
   * Appends a picture.
   *
   * @param picture All have the size of the first one.
   * @throws {Error} When ffmpeg cannot write it.
   */
  async add({ width, height, data }: Canvas): Promise<void> {
    if (!this.#writer) {
      this.#child = start(
        [
          ...[
            "-y",
            "-f",
            "rawvideo",
            "-pixel_format",
            "rgb24",
            "-video_size",
            `${width}x${height}`,
          ],
          ...["-framerate", String(this.#fps), "-i", "-", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"],
          ...["-pix_fmt", "yuv420p", "-f", "mp4", fileName(this.#part)],
        ],
        `write ${this.#path}`,
        { stdin: "piped" },
      );
      this.#why = complaint(this.#child.stderr);
      this.#writer = this.#child.stdin.getWriter();
    }
    try {
      await this.#writer.write(data);
    } catch (cause) {
      throw new Error(`Cannot write ${this.#path}: ${await this.#why}`, { cause });
    }
  }

  /** Ends the video: whole, or taken away. */
  async close(isWhole: boolean): Promise<void> {
    if (!this.#child) return;
    await this.#writer?.close().catch(() => {});
    const { success } = await this.#child.status;
    const reason = await this.#why;
    if (isWhole && !success) throw new Error(`Cannot write ${this.#path}: ${reason}`);
    if (isWhole) await Deno.rename(this.#part, this.#path);
    else await Deno.remove(this.#part).catch(() => {});
  }
}
