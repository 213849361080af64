/**
 * Takes one component out of a JPEG file, without decoding it: blocks are copied bit by bit.
 *
 * Only how long a block's bits are has to be known, and that Huffman's codes tell (ITU-T T.81, annexes
 * F and G). What the numbers mean stays libjpeg's to say.
 *
 * @module
 */
import { hasLength } from "./image_header.ts";

/** A component as the frame's header has it. */
export interface JpegComponent {
  /** By which scans name it. */
  readonly id: number;
  /** Blocks a unit, from left to right. */
  readonly across: number;
  /** Blocks a unit, from top to bottom. */
  readonly down: number;
}

/** A JPEG file's components. */
export interface JpegComponents {
  readonly components: readonly JpegComponent[];
  /** What Adobe's mark says of their colours; null without one. */
  readonly transform: number | null;
}

/** A marker and what belongs to it. */
interface Segment {
  /** The marker's second byte. */
  readonly marker: number;
  /** What follows its length. */
  readonly data: Uint8Array;
  /** Of a scan's header: what is between it and the next marker, restarts included. */
  readonly coded: Uint8Array;
}

const [SOF0, SOF1, SOF2, DHT, EOI, SOS, DRI, APP0, APP14] = [
  ...[0xc0, 0xc1, 0xc2, 0xc4, 0xd9, 0xda, 0xdd, 0xe0, 0xee],
];

/** Adobe's mark that says nothing is to be converted: red, green and blue. */
const AS_IT_IS = Uint8Array.of(...[..."Adobe"].map((c) => c.charCodeAt(0)), 0, 100, 0, 0, 0, 0, 0);

const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7;

/** Goes from marker to marker, over stray bytes as libjpeg does. */
function* segmentsOf(bytes: Uint8Array): Generator<Segment, void, undefined> {
  for (let at = 2; at + 1 < bytes.length;) {
    const marker = bytes[at] === 0xff ? bytes[at + 1] : 0;
    if (marker === 0 || marker === 0xff) {
      at++;
      continue;
    }
    if (marker === EOI) return;
    const end = hasLength(marker) ? at + 2 + (bytes[at + 2] << 8 | bytes[at + 3]) : at + 2;
    if (end > bytes.length) throw cutOff();
    let next = end;
    if (marker === SOS) {
      const isMarker = (): boolean =>
        bytes[next] === 0xff && bytes[next + 1] !== 0 && !isRestart(bytes[next + 1]);
      while (next < bytes.length && !isMarker()) next++;
      if (next >= bytes.length) throw cutOff();
    }
    yield { marker, data: bytes.subarray(at + 4, end), coded: bytes.subarray(end, next) };
    at = next;
  }
}

/** libjpeg's words. */
function cutOff(): TypeError {
  return new TypeError("Premature end of JPEG file");
}

function uncommon(what: string): TypeError {
  return new TypeError(`it is a JPEG with four components and ${what}; save it as RGB`);
}

/** The components of a frame's header. */
function componentsOf(frame: Uint8Array): JpegComponent[] {
  if (frame.length < 6 + 3 * frame[5]) throw cutOff();
  return Array.from({ length: frame[5] }, (_, i) => {
    const [id, factors] = frame.subarray(6 + 3 * i);
    return { id, across: factors >> 4, down: factors & 15 };
  });
}

/**
 * Tells a JPEG file's components.
 *
 * @param bytes The file.
 * @returns The components and how their colours are to be taken.
 * @throws {TypeError} When it is cut off, or compressed in a way that this module does not know.
 */
export function readComponents(bytes: Uint8Array): JpegComponents {
  let transform: number | null = null;
  for (const { marker, data } of segmentsOf(bytes)) {
    if (marker === APP14 && data.length >= 12 && isAdobe(data)) transform = data[11];
    if (marker >= 0xc0 && marker <= 0xcf && marker !== DHT && marker !== 0xc8 && marker !== 0xcc) {
      if (![SOF0, SOF1, SOF2].includes(marker)) {
        throw uncommon(marker >= 0xc9 ? "arithmetic coding" : "lossless or hierarchical coding");
      }
      const components = componentsOf(data);
      if (components.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4)) {
        throw new TypeError("Bogus sampling factors");
      }
      return { components, transform: transformOf(bytes, transform) };
    }
  }
  throw cutOff();
}

function isAdobe(data: Uint8Array): boolean {
  return AS_IT_IS.subarray(0, 5).every((byte, i) => data[i] === byte);
}

/** Adobe's mark may follow the frame's header, as long as it is before the first scan. */
function transformOf(bytes: Uint8Array, before: number | null): number | null {
  let transform = before;
  for (const { marker, data } of segmentsOf(bytes)) {
    if (marker === SOS) break;
    if (marker === APP14 && data.length >= 12 && isAdobe(data)) transform = data[11];
  }
  return transform;
}

/** Reads codes out of bytes without stuffing. */
class Bits {
  readonly #data: Uint8Array;
  readonly #end: number;
  /** Bits from the beginning. */
  at = 0;

  constructor(data: Uint8Array) {
    // What is looked at may be more than what is read.
    this.#data = new Uint8Array(data.length + 4);
    this.#data.set(data);
    this.#end = 8 * data.length;
  }

  /** The next 16 bits, without going on. */
  peek(): number {
    const byte = this.at >>> 3;
    const data = this.#data;
    const word = data[byte] << 16 | data[byte + 1] << 8 | data[byte + 2];
    return word >> (8 - (this.at & 7)) & 0xffff;
  }

  skip(count: number): void {
    this.at += count;
    if (this.at > this.#end) throw cutOff();
  }

  /** A symbol by its code. */
  symbol(table: Uint16Array): number {
    const entry = table[this.peek()];
    if (entry === 0) throw new TypeError("Corrupt JPEG data: bad Huffman code");
    this.skip(entry >> 8);
    return entry & 0xff;
  }
}

/** Writes bits as bytes with stuffing. */
class BitWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;
  #held = 0;
  #count = 0;

  #put(byte: number): void {
    if (this.#length + 2 > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
    if (byte === 0xff) this.#bytes[this.#length++] = 0;
  }

  /** Copies what lies between two places. */
  copy(bits: Bits, from: number, to: number): void {
    const end = bits.at;
    for (bits.at = from; bits.at < to;) {
      const count = Math.min(to - bits.at, 16);
      this.#held = this.#held << count | bits.peek() >> (16 - count);
      this.#count += count;
      bits.at += count;
      while (this.#count >= 8) {
        this.#count -= 8;
        this.#put(this.#held >> this.#count & 0xff);
      }
      this.#held &= (1 << this.#count) - 1;
    }
    bits.at = end;
  }

  /** Fills the last byte with ones, and gives what was written. */
  finish(): Uint8Array {
    if (this.#count > 0) this.#put((this.#held + 1 << 8 - this.#count) - 1 & 0xff);
    return this.#bytes.subarray(0, this.#length);
  }
}

/** From 16 bits to a code's length and its symbol; 0 where there is no such code (annex C). */
function tableOf(counts: Uint8Array, symbols: Uint8Array): Uint16Array {
  const table = new Uint16Array(65536);
  let [from, symbol] = [0, 0];
  for (let length = 1; length <= 16; length++) {
    for (let i = 0; i < counts[length - 1]; i++, symbol++) {
      const to = from + (1 << 16 - length);
      table.fill(length << 8 | symbols[symbol], from, to);
      from = to;
    }
  }
  return table;
}

/** Adds a segment's tables: the class in the higher half of their number. */
function readTables(data: Uint8Array, tables: Map<number, Uint16Array>): void {
  for (let at = 0; at + 17 <= data.length;) {
    const counts = data.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    tables.set(data[at], tableOf(counts, data.subarray(at + 17, at + 17 + total)));
    at += 17 + total;
  }
}

/** Coded data between restarts, without what was stuffed in. */
function unstuffed(coded: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const out = new Uint8Array(coded.length);
  let [from, to] = [0, 0];
  for (let at = 0; at < coded.length; at++) {
    if (coded[at] === 0xff && isRestart(coded[at + 1])) {
      parts.push(out.subarray(from, to));
      from = to;
      at++;
    } else {
      out[to++] = coded[at];
      if (coded[at] === 0xff) at++;
    }
  }
  return [...parts, out.subarray(from, to)];
}

/** Passes over a block's bits: all of it, or its first coefficient, or a bit more of that. */
type Skip = (bits: Bits, dc: Uint16Array, ac: Uint16Array) => void;

const skipDc: Skip = (bits, dc) => bits.skip(bits.symbol(dc));
const skipBit: Skip = (bits) => bits.skip(1);
const skipBlock: Skip = (bits, dc, ac) => {
  skipDc(bits, dc, ac);
  for (let k = 1; k < 64;) {
    const symbol = bits.symbol(ac);
    const [zeros, size] = [symbol >> 4, symbol & 15];
    if (size === 0 && zeros < 15) return;
    bits.skip(size);
    k += zeros + 1;
  }
};

/** A component in a scan. */
interface ScanComponent extends JpegComponent {
  /** The numbers of its tables, that of the first coefficient in the higher half. */
  readonly tables: number;
}

/** A file in the making. */
interface Frame {
  readonly isProgressive: boolean;
  readonly components: readonly JpegComponent[];
  /** Units of all components. */
  readonly units: number;
}

function frameOf(marker: number, data: Uint8Array): Frame {
  const components = componentsOf(data);
  const units = (pixels: number, factors: readonly number[]): number =>
    Math.ceil(pixels / (8 * Math.max(...factors)));
  const across = units(data[3] << 8 | data[4], components.map((each) => each.across));
  const down = units(data[1] << 8 | data[2], components.map((each) => each.down));
  return { isProgressive: marker === SOF2, components, units: across * down };
}

/** A scan's coded data without one of its components. */
function filtered(
  { data, coded }: Segment,
  scan: readonly ScanComponent[],
  dropped: number,
  frame: Frame,
  tables: ReadonlyMap<number, Uint16Array>,
  restart: number,
): Uint8Array[] {
  const [start, , successive] = data.subarray(1 + 2 * scan.length);
  if (frame.isProgressive && start !== 0) throw new TypeError("Corrupt JPEG data: bad scan");
  const skip = !frame.isProgressive ? skipBlock : successive >> 4 > 0 ? skipBit : skipDc;
  const none = new Uint16Array(65536);
  const blocks = scan.flatMap(({ id, across, down, tables: numbers }) =>
    Array.from({ length: across * down }, () => ({
      isKept: id !== dropped,
      dc: tables.get(numbers >> 4) ?? none,
      ac: tables.get(0x10 | numbers & 15) ?? none,
    }))
  );
  const parts = unstuffed(coded);
  const out: Uint8Array[] = [];
  let left = frame.units;
  for (let i = 0; left > 0; i++) {
    if (i === parts.length) throw cutOff();
    const bits = new Bits(parts[i]);
    const writer = new BitWriter();
    const units = restart > 0 ? Math.min(restart, left) : left;
    for (let unit = 0; unit < units; unit++) {
      for (const { isKept, dc, ac } of blocks) {
        const from = bits.at;
        skip(bits, dc, ac);
        if (isKept) writer.copy(bits, from, bits.at);
      }
    }
    left -= units;
    out.push(writer.finish());
    if (left > 0) out.push(Uint8Array.of(0xff, 0xd0 + i % 8));
  }
  return out;
}

/**
 * Takes one component out of a JPEG file. What is left is marked as not to be converted.
 *
 * @param bytes The file.
 * @param index Which one, in the frame header's order.
 * @returns The file without it.
 * @throws {TypeError} When it is damaged or cut off, or its scans are of an uncommon make.
 */
export function dropComponent(bytes: Uint8Array, index: number): Uint8Array {
  const out: Uint8Array[] = [Uint8Array.of(0xff, 0xd8)];
  const write = (marker: number, data: Uint8Array): void => {
    const length = data.length + 2;
    out.push(Uint8Array.of(0xff, marker, length >> 8, length & 0xff), data);
  };
  write(APP14, AS_IT_IS);
  const tables = new Map<number, Uint16Array>();
  let frame: Frame = { isProgressive: false, components: [], units: 0 };
  let restart = 0;
  for (const segment of segmentsOf(bytes)) {
    const { marker, data, coded } = segment;
    if (!hasLength(marker) || marker === APP0 || marker === APP14) continue;
    if (marker === DHT) readTables(data, tables);
    if (marker === DRI) restart = data[0] << 8 | data[1];
    if ([SOF0, SOF1, SOF2].includes(marker)) {
      frame = frameOf(marker, data);
      const at = 6 + 3 * index;
      const left = Uint8Array.of(...data.subarray(0, at), ...data.subarray(at + 3));
      left[5]--;
      write(marker, left);
      continue;
    }
    if (marker !== SOS) {
      write(marker, data);
      continue;
    }
    const dropped = frame.components[index]?.id;
    const scan = Array.from({ length: data[0] }, (_, i): ScanComponent => {
      const [id, numbers] = data.subarray(1 + 2 * i);
      const component = frame.components.find((each) => each.id === id);
      if (!component) throw new TypeError("Invalid component ID in SOS");
      return { ...component, tables: numbers };
    });
    const kept = scan.filter(({ id }) => id !== dropped);
    if (kept.length === 0) continue;
    if (kept.length === scan.length) {
      write(SOS, data);
      out.push(coded);
      continue;
    }
    // A single component's blocks go in rows of their own, not unit by unit.
    const [{ across, down }] = kept;
    if (kept.length === 1 && across * down > 1) throw uncommon("scans of two of them");
    const names = kept.flatMap(({ id, tables: numbers }) => [id, numbers]);
    write(SOS, Uint8Array.of(kept.length, ...names, ...data.subarray(1 + 2 * scan.length)));
    out.push(...filtered(segment, scan, dropped, frame, tables, restart));
  }
  out.push(Uint8Array.of(0xff, EOI));
  return joined(out);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
