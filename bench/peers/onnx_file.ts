/**
 * The network as an ONNX file.
 *
 * @module
 */
import protobuf from "protobufjs";
import type { StateDict } from "../../src/model.ts";

const field = (id: number, type: string) => ({ id, type });
const list = (id: number, type: string) => ({ id, type, rule: "repeated" });

/** The part of onnx.proto that a network of this kind needs. */
const ONNX = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: field(1, "int64"),
        producerName: field(2, "string"),
        graph: field(7, "Graph"),
        opsetImport: list(8, "OperatorSet"),
      },
    },
    OperatorSet: { fields: { domain: field(1, "string"), version: field(2, "int64") } },
    Graph: {
      fields: {
        node: list(1, "Node"),
        name: field(2, "string"),
        initializer: list(5, "Tensor"),
        input: list(11, "ValueInfo"),
        output: list(12, "ValueInfo"),
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
        f: field(2, "float"),
        i: field(3, "int64"),
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
    ValueInfo: { fields: { name: field(1, "string"), type: field(2, "Type") } },
    Type: { fields: { tensorType: field(1, "TensorType") } },
    TensorType: { fields: { elemType: field(1, "int32"), shape: field(2, "Shape") } },
    Shape: { fields: { dim: list(1, "Dimension") } },
    Dimension: { fields: { dimValue: field(1, "int64"), dimParam: field(2, "string") } },
  },
});

const FLOAT = 1;
/** Numbers of the kinds of attributes. */
const KIND = { f: 1, i: 2, ints: 7 } as const;

type Attributes = Readonly<Record<string, number | readonly number[]>>;

function attribute(name: string, value: number | readonly number[]): Record<string, unknown> {
  const kind = typeof value !== "number" ? "ints" : Number.isInteger(value) ? "i" : "f";
  return { name, [kind]: value, type: KIND[kind] };
}

function valueInfo(name: string, dims: readonly (number | string)[]): Record<string, unknown> {
  const dim = dims.map((size) =>
    typeof size === "number" ? { dimValue: size } : { dimParam: size }
  );
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

/**
 * Writes the network for inference: input `image`, `[n, 1, size, size]`, output `logits`.
 *
 * @param tensors Its weights, named and laid out as PyTorch's.
 * @param network How many blocks it has, the size of its images, its classes.
 * @returns The bytes of the file, for operator set 13.
 */
export function encodeOnnx(
  tensors: StateDict,
  network: { readonly blocks: number; readonly size: number; readonly classes: number },
): Uint8Array {
  const nodes: Record<string, unknown>[] = [];
  let value = "image";
  const then = (
    opType: string,
    weights: readonly string[] = [],
    attributes: Attributes = {},
    name = `${opType}${nodes.length}`,
  ) => {
    nodes.push({
      opType,
      name,
      input: [value, ...weights],
      output: [name],
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    value = name;
  };
  for (let block = 1; block <= network.blocks; block++) {
    const [conv, bn] = [`conv${block}`, `bn${block}`];
    then("Conv", [`${conv}.weight`, `${conv}.bias`], {
      kernel_shape: [3, 3],
      pads: [1, 1, 1, 1],
    });
    const parts = ["weight", "bias", "running_mean", "running_var"];
    then("BatchNormalization", parts.map((part) => `${bn}.${part}`), { epsilon: 1e-5 });
    then("Relu");
    then("MaxPool", [], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  then("Flatten", [], { axis: 1 });
  then("Gemm", ["fc1.weight", "fc1.bias"], { transB: 1 });
  then("Relu");
  then("Gemm", ["fc2.weight", "fc2.bias"], { transB: 1 }, "logits");
  const { size, classes } = network;
  const initializer = [...tensors].filter(([, { dtype }]) => dtype === "F32").map(
    ([name, { shape, data }]) => ({
      name,
      dims: [...shape],
      dataType: FLOAT,
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    }),
  );
  const type = ONNX.lookupType("Model");
  return type.encode(type.create({
    irVersion: 7,
    producerName: "@fer/core",
    opsetImport: [{ domain: "", version: 13 }],
    graph: {
      name: "ferCnn",
      node: nodes,
      initializer,
      input: [valueInfo("image", ["n", 1, size, size])],
      output: [valueInfo("logits", ["n", classes])],
    },
  })).finish();
}
