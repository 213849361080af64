/**
 * PNG to pixels.
 *
 * All that PNG allows is read (PNG 1.2): every depth and kind of colour, interlaced or not. What a
 * file's data may unpack to is known from its header, and nothing more is held.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";

/** The header's fields. */
interface Layout {
  readonly width: number;
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  readonly colour: number;
  readonly samples: number;
  readonly isInterlaced: boolean;
}

/** What a file holds. */
interface Chunks {
  readonly layout: Layout;
  readonly data: readonly Uint8Array[];
  readonly palette?: Uint8Array;
  readonly opacity?: Uint8Array;
}

/** A picture within the picture: each `dx`th pixel from `x` on of each `dy`th row from `y` on. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

const INDEXED = 3;
/** Samples a pixel, and the depths that there may be, by the kind of colour. */
const COLOURS: ReadonlyMap<number, readonly [samples: number, depths: readonly number[]]> = new Map(
  [
    [0, [1, [1, 2, 4, 8, 16]]],
    [2, [3, [8, 16]]],
    [INDEXED, [1, [1, 2, 4, 8]]],
    [4, [2, [8, 16]]],
    [6, [4, [8, 16]]],
  ],
);
const WHOLE: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];
/** Adam M. Costello's seven passes (PNG 1.2, section 2.6). */
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];
/** Deflate makes no byte into more. */
const MOST_UNPACKED = 1032;

/**
 * Decodes a PNG file.
 *
 * @param bytes The file, which begins with PNG's signature.
 * @returns Its pixels, `[height, width, 1, 3 or 4]`; grey stays grey, and of grey with opacity and
 * of 16 bits only the grey and the high byte are left.
 * @throws {Error} When the file is damaged or cut off.
 */
export async function decodePng(bytes: Uint8Array): Promise<Image> {
  const { layout, data, palette, opacity } = readChunks(bytes);
  const { width, height, depth, colour, samples, isInterlaced } = layout;
  const passes = (isInterlaced ? ADAM7 : WHOLE).map((pass) => {
    const columns = Math.ceil((width - pass.x) / pass.dx);
    const rows = columns > 0 ? Math.max(0, Math.ceil((height - pass.y) / pass.dy)) : 0;
    return { pass, columns, rows, line: Math.ceil(columns * samples * depth / 8) };
  });
  const packed = await inflate(
    data,
    passes.reduce((sum, { rows, line }) => sum + rows * (1 + line), 0),
  );
  const kept = samples === 2 ? 1 : samples;
  const pixels = new Uint8Array(width * height * kept);
  let at = 0;
  for (const { pass, columns, rows, line } of passes) {
    const stride = Math.max(1, samples * depth / 8);
    let before: Uint8Array = new Uint8Array(line);
    for (let row = 0; row < rows; row++) {
      const current = packed.subarray(at + 1, at + 1 + line);
      unfilter(packed[at], current, before, stride);
      before = current;
      at += 1 + line;
      const first = ((pass.y + row * pass.dy) * width + pass.x) * kept;
      spread(current, pixels, { first, step: pass.dx * kept, columns, samples, kept, depth });
    }
  }
  if (colour === INDEXED) return { data: coloursOf(pixels, palette, opacity), width, height };
  const last = 2 ** depth - 1;
  if (depth < 8) pixels.forEach((level, i) => pixels[i] = Math.round(level * 255 / last));
  return { data: pixels, width, height };
}

function damaged(what: string): Error {
  return new Error(`the PNG data has ${what}`);
}

function readChunks(bytes: Uint8Array): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array[] = [];
  let layout: Layout | undefined;
  let palette: Uint8Array | undefined;
  let opacity: Uint8Array | undefined;
  for (let at = 8;;) {
    if (at + 12 > bytes.length) throw damaged("no end");
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) throw damaged("a chunk that is cut off");
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
      throw damaged(`a wrong sum in ${type}`);
    }
    at += 12 + length;
    if (layout === undefined && type !== "IHDR") throw damaged("no header");
    if (type === "IHDR") layout = layoutOf(content);
    else if (type === "IDAT") data.push(content);
    else if (type === "PLTE") palette = content;
    else if (type === "tRNS") opacity = content;
    else if (type === "IEND" && layout) return { layout, data, palette, opacity };
    // A capital says that the picture cannot be shown without it.
    else if (/^[A-Z]/.test(type)) throw damaged(`an unknown chunk ${type}`);
  }
}

function layoutOf(content: Uint8Array): Layout {
  if (content.length !== 13) throw damaged("a header of another length");
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [depth, colour, compression, filter, interlace] = content.subarray(8);
  const [samples, depths] = COLOURS.get(colour) ?? [0, []];
  if (!depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw damaged("a header that makes no sense");
  }
  const isInterlaced = interlace === 1;
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth,
    colour,
    samples,
    isInterlaced,
  };
}

/** Unpacks as many bytes as the header promises; what may come behind them is left. */
async function inflate(data: readonly Uint8Array[], length: number): Promise<Uint8Array> {
  const { ZStream, zlibInflate, zlibInflateInit, Z_BUF_ERROR, Z_NO_FLUSH, Z_OK, Z_STREAM_END } =
    await import("pako");
  const packed = data.reduce((sum, part) => sum + part.length, 0);
  if (length > packed * MOST_UNPACKED) throw damaged("too few data");
  const stream = new ZStream();
  zlibInflateInit(stream);
  stream.output = new Uint8Array(length);
  stream.next_out = 0;
  stream.avail_out = length;
  for (const part of data) {
    stream.input = part;
    stream.next_in = 0;
    stream.avail_in = part.length;
    const status = zlibInflate(stream, Z_NO_FLUSH);
    if (status === Z_STREAM_END || stream.avail_out === 0) break;
    if (status !== Z_OK && status !== Z_BUF_ERROR) throw damaged("data that cannot be unpacked");
  }
  if (stream.avail_out > 0) throw damaged("too few data");
  return stream.output;
}

/** Turns differences into bytes, in place (PNG 1.2, section 6). */
function unfilter(filter: number, line: Uint8Array, before: Uint8Array, stride: number): void {
  const { length } = line;
  if (filter === 1) {
    for (let i = stride; i < length; i++) line[i] += line[i - stride];
  } else if (filter === 2) {
    for (let i = 0; i < length; i++) line[i] += before[i];
  } else if (filter === 3) {
    for (let i = 0; i < stride && i < length; i++) line[i] += before[i] >> 1;
    for (let i = stride; i < length; i++) line[i] += (line[i - stride] + before[i]) >> 1;
  } else if (filter === 4) {
    for (let i = 0; i < stride && i < length; i++) line[i] += before[i];
    for (let i = stride; i < length; i++) {
      const [left, up, corner] = [line[i - stride], before[i], before[i - stride]];
      const dLeft = Math.abs(up - corner);
      const dUp = Math.abs(left - corner);
      const dCorner = Math.abs(left + up - 2 * corner);
      line[i] += dLeft <= dUp && dLeft <= dCorner ? left : dUp <= dCorner ? up : corner;
    }
  } else if (filter !== 0) {
    throw damaged(`a line of filter ${filter}`);
  }
}

/** Puts a line's samples in their places. */
function spread(
  line: Uint8Array,
  pixels: Uint8Array,
  { first, step, columns, samples, kept, depth }: {
    readonly first: number;
    readonly step: number;
    readonly columns: number;
    readonly samples: number;
    readonly kept: number;
    readonly depth: number;
  },
): void {
  if (depth < 8) {
    const mask = 2 ** depth - 1;
    for (let i = 0; i < columns; i++) {
      const bit = i * depth;
      pixels[first + i * step] = line[bit >> 3] >> (8 - depth - (bit & 7)) & mask;
    }
    return;
  }
  const width = depth / 8;
  if (width === 1 && samples === kept && step === kept) {
    pixels.set(line, first);
    return;
  }
  for (let i = 0; i < columns; i++) {
    for (let sample = 0; sample < kept; sample++) {
      pixels[first + i * step + sample] = line[(i * samples + sample) * width];
    }
  }
}

/** Each index's colour, with opacity if any has one. */
function coloursOf(
  indices: Uint8Array,
  palette: Uint8Array | undefined,
  opacity: Uint8Array | undefined,
): Uint8Array {
  if (!palette || palette.length % 3 !== 0) throw damaged("no palette");
  const channels = opacity ? 4 : 3;
  const pixels = new Uint8Array(indices.length * channels);
  indices.forEach((index, i) => {
    if (3 * index >= palette.length) throw damaged("a colour that is not in its palette");
    for (let c = 0; c < 3; c++) pixels[i * channels + c] = palette[3 * index + c];
    if (opacity) pixels[i * channels + 3] = opacity[index] ?? 255;
  });
  return pixels;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? byte >>> 1 ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/** The sum of ISO 3309 (PNG 1.2, section 3.4). */
function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = CRC_TABLE[(sum ^ byte) & 0xff] ^ sum >>> 8;
  return ~sum >>> 0;
}
