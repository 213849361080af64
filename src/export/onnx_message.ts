/**
 * The messages of an ONNX file, as protocol buffers.
 *
 * @module
 */

/** A tensor's element type, by its number in ONNX's `TensorProto.DataType`. */
export const ELEMENT = { float32: 1, uint8: 2, int32: 6, int64: 7 } as const;

/** What an operator is told besides its inputs. */
export type OnnxAttribute = number | string | readonly number[];

/** An operator. */
export interface OnnxNode {
  /** The operator, for instance `Conv`. */
  readonly opType: string;
  /** Its name in the graph. */
  readonly name: string;
  /** The values that it takes; an empty name leaves one out. */
  readonly input: readonly string[];
  /** The values that it gives. */
  readonly output: readonly string[];
  /** Integers, lists of integers and texts, by name. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A constant. */
export interface OnnxTensor {
  /** Its name in the graph. */
  readonly name: string;
  /** The length of each dimension; `[]` is a scalar. */
  readonly dims: readonly number[];
  /** Its elements, row-major; a `BigInt64Array` for int64. */
  readonly data: Float32Array | Int32Array | BigInt64Array;
}

/** An input or an output of the graph. */
export interface OnnxValue {
  /** Its name. */
  readonly name: string;
  /** Its element type. */
  readonly element: keyof typeof ELEMENT;
  /** The length of each dimension, or the name of one that is open. */
  readonly dims: readonly (number | string)[];
  /** What it is, for people. */
  readonly about: string;
}

/** A file. */
export interface OnnxModel {
  /** The version of the operators. */
  readonly opset: number;
  /** Who wrote it. */
  readonly producer: { readonly name: string; readonly version: string };
  /** What it is, for people. */
  readonly about: string;
  /** The graph's name. */
  readonly name: string;
  /** Its operators, each after those whose values it takes. */
  readonly nodes: readonly OnnxNode[];
  /** Its constants. */
  readonly constants: readonly OnnxTensor[];
  /** What it takes. */
  readonly inputs: readonly OnnxValue[];
  /** What it gives. */
  readonly outputs: readonly OnnxValue[];
  /** Free text beside it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** ONNX 1.12 and 1.13, whose operators are versions 17 and 18, share this version of the format. */
const IR_VERSION = 8;

const field = (id: number, type: string) => ({ id, type });
const list = (id: number, type: string) => ({ id, type, rule: "repeated" });

/** The part of onnx.proto (https://github.com/onnx/onnx) that is written. */
const SCHEMA = {
  nested: {
    Model: {
      fields: {
        irVersion: field(1, "int64"),
        producerName: field(2, "string"),
        producerVersion: field(3, "string"),
        docString: field(6, "string"),
        graph: field(7, "Graph"),
        opsetImport: list(8, "OperatorSet"),
        metadataProps: list(14, "Property"),
      },
    },
    OperatorSet: { fields: { domain: field(1, "string"), version: field(2, "int64") } },
    Property: { fields: { key: field(1, "string"), value: field(2, "string") } },
    Graph: {
      fields: {
        node: list(1, "Node"),
        name: field(2, "string"),
        initializer: list(5, "Tensor"),
        input: list(11, "Value"),
        output: list(12, "Value"),
      },
    },
    Node: {
      fields: {
        input: list(1, "string"),
        output: list(2, "string"),
        name: field(3, "string"),
        opType: field(4, "string"),
        attribute: list(5, "Attribute"),
      },
    },
    Attribute: {
      fields: {
        name: field(1, "string"),
        i: field(3, "int64"),
        s: field(4, "bytes"),
        ints: list(8, "int64"),
        type: field(20, "int32"),
      },
    },
    Tensor: {
      fields: {
        dims: list(1, "int64"),
        dataType: field(2, "int32"),
        name: field(8, "string"),
        rawData: field(9, "bytes"),
      },
    },
    Value: {
      fields: {
        name: field(1, "string"),
        type: field(2, "Type"),
        docString: field(3, "string"),
      },
    },
    Type: { fields: { tensorType: field(1, "TensorType") } },
    TensorType: { fields: { elemType: field(1, "int32"), shape: field(2, "Shape") } },
    Shape: { fields: { dim: list(1, "Dimension") } },
    Dimension: { fields: { dimValue: field(1, "int64"), dimParam: field(2, "string") } },
  },
};

type Message = Record<string, unknown>;

function attribute([name, value]: [string, OnnxAttribute]): Message {
  // Their numbers in ONNX's AttributeProto.AttributeType.
  if (typeof value === "number") return { name, i: value, type: 2 };
  if (typeof value === "string") return { name, s: new TextEncoder().encode(value), type: 3 };
  return { name, ints: value, type: 7 };
}

function node({ attributes, ...rest }: OnnxNode): Message {
  return { ...rest, attribute: Object.entries(attributes).map(attribute) };
}

function elementOf(data: OnnxTensor["data"]): number {
  if (data instanceof Float32Array) return ELEMENT.float32;
  return data instanceof Int32Array ? ELEMENT.int32 : ELEMENT.int64;
}

function tensor({ name, dims, data }: OnnxTensor): Message {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dims, dataType: elementOf(data), rawData };
}

function value({ name, element, dims, about }: OnnxValue): Message {
  const dim = dims.map((size) =>
    typeof size === "number" ? { dimValue: size } : { dimParam: size }
  );
  return {
    name,
    docString: about,
    type: { tensorType: { elemType: ELEMENT[element], shape: { dim } } },
  };
}

/**
 * Encodes a file.
 *
 * @param model What it holds.
 * @returns Its bytes.
 */
export async function encodeOnnxModel(model: OnnxModel): Promise<Uint8Array<ArrayBuffer>> {
  const { default: protobuf } = await import("protobufjs");
  const type = protobuf.Root.fromJSON(SCHEMA).lookupType("Model");
  const message = type.fromObject({
    irVersion: IR_VERSION,
    producerName: model.producer.name,
    producerVersion: model.producer.version,
    docString: model.about,
    opsetImport: [{ domain: "", version: model.opset }],
    graph: {
      name: model.name,
      node: model.nodes.map(node),
      initializer: model.constants.map(tensor),
      input: model.inputs.map(value),
      output: model.outputs.map(value),
    },
    metadataProps: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
  });
  // Where it can, protobufjs writes into a Buffer, which may be a part of a larger one.
  return Uint8Array.from(type.encode(message).finish());
}
