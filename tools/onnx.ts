/**
 * Reads what a network in an ONNX file is made of.
 *
 * @module
 */
import protobuf from "protobufjs";

/** A weight. */
export interface OnnxWeight {
  /** The length of each dimension. */
  readonly shape: readonly number[];
  /** Its numbers, row-major. */
  readonly data: Float32Array;
}

/** An operator. */
export interface OnnxOperation {
  /** For instance `Conv`. */
  readonly kind: string;
  /** The values that it takes. */
  readonly inputs: readonly string[];
  /** The values that it gives. */
  readonly outputs: readonly string[];
  /** Lists of integers among its attributes, by name. */
  readonly integers: Readonly<Record<string, readonly number[]>>;
}

/** A network. */
export interface OnnxNetwork {
  /** Its operators, each after those whose values it takes. */
  readonly operations: readonly OnnxOperation[];
  /** Its weights of float32, by name. */
  readonly weights: ReadonlyMap<string, OnnxWeight>;
}

const field = (id: number, type: string) => ({ id, type });
const list = (id: number, type: string) => ({ id, type, rule: "repeated" });

/** The part of onnx.proto (https://github.com/onnx/onnx) that is read. */
const SCHEMA = {
  nested: {
    Model: { fields: { graph: field(7, "Graph") } },
    Graph: { fields: { node: list(1, "Node"), initializer: list(5, "Tensor") } },
    Node: {
      fields: {
        input: list(1, "string"),
        output: list(2, "string"),
        opType: field(4, "string"),
        attribute: list(5, "Attribute"),
      },
    },
    Attribute: { fields: { name: field(1, "string"), ints: list(8, "int64") } },
    Tensor: {
      fields: {
        dims: list(1, "int64"),
        dataType: field(2, "int32"),
        floatData: list(4, "float"),
        name: field(8, "string"),
        rawData: field(9, "bytes"),
      },
    },
  },
};

interface TensorMessage {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly floatData: readonly number[];
  readonly rawData: Uint8Array;
}

interface ModelMessage {
  readonly graph: {
    readonly node: readonly {
      readonly opType: string;
      readonly input: readonly string[];
      readonly output: readonly string[];
      readonly attribute: readonly { readonly name: string; readonly ints: readonly number[] }[];
    }[];
    readonly initializer: readonly TensorMessage[];
  } | null;
}

/** ONNX's number for float32. */
const FLOAT = 1;

function numbersOf({ floatData, rawData }: TensorMessage): Float32Array {
  if (rawData.length === 0) return Float32Array.from(floatData);
  return new Float32Array(Uint8Array.from(rawData).buffer);
}

/**
 * Reads a file.
 *
 * @param bytes Its bytes.
 * @returns The network in it.
 * @throws {TypeError} When it is no ONNX file.
 */
export function readOnnx(bytes: Uint8Array): OnnxNetwork {
  const type = protobuf.Root.fromJSON(SCHEMA).lookupType("Model");
  let graph: ModelMessage["graph"];
  try {
    const options = { longs: Number, arrays: true, defaults: true };
    ({ graph } = type.toObject(type.decode(bytes), options) as ModelMessage);
  } catch (cause) {
    throw new TypeError(`Cannot read an ONNX file: ${(cause as Error).message}`, { cause });
  }
  if (!graph || graph.node.length === 0) {
    throw new TypeError("Cannot read an ONNX file: there is no network in it");
  }
  return {
    operations: graph.node.map(({ opType, input, output, attribute }) => ({
      kind: opType,
      inputs: input,
      outputs: output,
      integers: Object.fromEntries(attribute.map(({ name, ints }) => [name, ints])),
    })),
    weights: new Map(
      graph.initializer.filter(({ dataType }) => dataType === FLOAT).map((tensor) => [
        tensor.name,
        { shape: tensor.dims, data: numbersOf(tensor) },
      ]),
    ),
  };
}
