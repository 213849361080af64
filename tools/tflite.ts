/**
 * Reads a TensorFlow Lite file: as much of its format as a small convolutional network uses.
 *
 * The file is a FlatBuffer; the fields' numbers are those of TensorFlow's `schema.fbs`.
 *
 * @module
 */
import { fromFloat16 } from "../src/model/float16.ts";

/** A tensor of the network. */
export interface LiteTensor {
  /** Its name. */
  readonly name: string;
  /** The length of each dimension. */
  readonly shape: readonly number[];
  /** Its values where the file holds them: weights and constants. */
  readonly data?: Float32Array | Int32Array;
}

/** An operation of the network, by TensorFlow Lite's names. */
export interface LiteOperation {
  /** What it does. */
  readonly kind: LiteKind;
  /** What it takes, by the tensors' places. */
  readonly inputs: readonly number[];
  /** What it gives. */
  readonly outputs: readonly number[];
  /** Pixels from one output to the next; 1 where the operation has no such thing. */
  readonly stride: number;
  /** Whether it pads so that nothing is lost at the edges. */
  readonly isPadded: boolean;
}

/** A network. */
export interface LiteNetwork {
  /** Every tensor, weights and intermediate results alike. */
  readonly tensors: readonly LiteTensor[];
  /** The operations in the order in which they run. */
  readonly operations: readonly LiteOperation[];
  /** What the network takes, by the tensors' places. */
  readonly inputs: readonly number[];
  /** What it gives. */
  readonly outputs: readonly number[];
}

const KINDS = {
  0: "ADD",
  2: "CONCATENATION",
  3: "CONV_2D",
  4: "DEPTHWISE_CONV_2D",
  6: "DEQUANTIZE",
  17: "MAX_POOL_2D",
  19: "RELU",
  22: "RESHAPE",
  34: "PAD",
} as const;

/** The operations that are understood. */
export type LiteKind = typeof KINDS[keyof typeof KINDS];

const [FLOAT32, FLOAT16, INT32] = [0, 1, 2];

/** A table of a FlatBuffer: fields by number, each perhaps absent. */
class Table {
  readonly #view: DataView;
  readonly #at: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  #field(number: number): number | null {
    const fields = this.#at - this.#view.getInt32(this.#at, true);
    const place = 4 + 2 * number;
    if (place >= this.#view.getUint16(fields, true)) return null;
    const offset = this.#view.getUint16(fields + place, true);
    return offset === 0 ? null : this.#at + offset;
  }

  /** An integer of 32 bits; 0 when absent. */
  int(number: number): number {
    const at = this.#field(number);
    return at === null ? 0 : this.#view.getInt32(at, true);
  }

  /** An integer of 8 bits; 0 when absent. */
  byte(number: number): number {
    const at = this.#field(number);
    return at === null ? 0 : this.#view.getInt8(at);
  }

  /** Where what the field points to begins. */
  #target(number: number): number | null {
    const at = this.#field(number);
    return at === null ? null : at + this.#view.getUint32(at, true);
  }

  /** A table; empty fields when absent. */
  table(number: number): Table | null {
    const at = this.#target(number);
    return at === null ? null : new Table(this.#view, at);
  }

  /** Bytes of a vector of elements of `size` bytes. */
  bytes(number: number, size = 1): Uint8Array<ArrayBuffer> {
    const at = this.#target(number);
    if (at === null) return new Uint8Array();
    const length = this.#view.getUint32(at, true) * size;
    const from = this.#view.byteOffset + at + 4;
    return new Uint8Array(this.#view.buffer.slice(from, from + length) as ArrayBuffer);
  }

  /** A vector of integers. */
  ints(number: number): number[] {
    return [...new Int32Array(this.bytes(number, 4).buffer)];
  }

  /** A text. */
  text(number: number): string {
    return new TextDecoder().decode(this.bytes(number));
  }

  /** A vector of tables. */
  tables(number: number): Table[] {
    const at = this.#target(number);
    if (at === null) return [];
    return Array.from({ length: this.#view.getUint32(at, true) }, (_, i) => {
      const place = at + 4 + 4 * i;
      return new Table(this.#view, place + this.#view.getUint32(place, true));
    });
  }
}

function valuesOf(type: number, bytes: Uint8Array<ArrayBuffer>): LiteTensor["data"] {
  if (bytes.length === 0) return undefined;
  if (type === FLOAT32) return new Float32Array(bytes.buffer);
  if (type === FLOAT16) return fromFloat16(new Uint16Array(bytes.buffer));
  return type === INT32 ? new Int32Array(bytes.buffer) : undefined;
}

/** Where an operation's options keep the padding and the stride along x. */
function windowOf(kind: LiteKind, options: Table | null): { stride: number; isPadded: boolean } {
  const isWindow = kind === "CONV_2D" || kind === "DEPTHWISE_CONV_2D" || kind === "MAX_POOL_2D";
  if (!isWindow || !options) return { stride: 1, isPadded: false };
  return { stride: options.int(1), isPadded: options.byte(0) === 0 };
}

/** Refuses an operation that computes more than what is understood: an activation of its own. */
function checkOptions(kind: LiteKind, options: Table | null): void {
  const activation = { CONV_2D: 3, DEPTHWISE_CONV_2D: 4, ADD: 0, MAX_POOL_2D: 5, CONCATENATION: 1 };
  const field = activation[kind as keyof typeof activation];
  if (field !== undefined && options && options.byte(field) !== 0) {
    throw new TypeError(`Cannot read a TensorFlow Lite file: ${kind} has a fused activation`);
  }
}

/**
 * Reads a TensorFlow Lite file. Weights that it holds as half-precision numbers, expanded by an
 * operation of their own, are read as what they are expanded to, and that operation left out.
 *
 * @param bytes The file.
 * @returns The network.
 * @throws {TypeError} When it is another format or has an operation that is not understood.
 */
export function readTfLite(bytes: Uint8Array): LiteNetwork {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (new TextDecoder().decode(bytes.subarray(4, 8)) !== "TFL3") {
    throw new TypeError("Cannot read a TensorFlow Lite file: it does not begin with TFL3");
  }
  const model = new Table(view, view.getUint32(0, true));
  const [graph, ...others] = model.tables(2);
  if (!graph || others.length > 0) {
    throw new TypeError("Cannot read a TensorFlow Lite file: expected one graph");
  }
  const buffers = model.tables(4);
  const tensors: LiteTensor[] = graph.tables(0).map((tensor) => ({
    name: tensor.text(3),
    shape: tensor.ints(0),
    data: valuesOf(tensor.byte(1), buffers[tensor.int(2)].bytes(0)),
  }));
  const codes = model.tables(1).map((code) => Math.max(code.byte(0), code.int(3)));
  const operations: LiteOperation[] = [];
  for (const operation of graph.tables(3)) {
    const code = codes[operation.int(0)];
    const kind = KINDS[code as keyof typeof KINDS];
    if (!kind) {
      throw new TypeError(
        `Cannot read a TensorFlow Lite file: operation ${code} is not understood`,
      );
    }
    const [inputs, outputs] = [operation.ints(1), operation.ints(2)];
    if (kind === "DEQUANTIZE") {
      tensors[outputs[0]] = { ...tensors[outputs[0]], data: tensors[inputs[0]].data };
      continue;
    }
    checkOptions(kind, operation.table(4));
    operations.push({ kind, inputs, outputs, ...windowOf(kind, operation.table(4)) });
  }
  return { tensors, operations, inputs: graph.ints(1), outputs: graph.ints(2) };
}
