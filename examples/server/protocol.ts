/**
 * The Open Inference Protocol, version 2, over HTTP, with the binary tensor data extension of Triton:
 * what a model says of itself, what a request asks for, and what an answer looks like.
 *
 * - https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 * - https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 *
 * @module
 */
import {
  booleanOf,
  expectation,
  type Fields,
  found,
  isObject,
  parametersOf,
  refuse,
} from "./fields.ts";
import { PICTURES, picturesOf } from "./pictures_tensor.ts";

/** The header that says how long the JSON before binary tensors is. */
export const HEADER_LENGTH = "inference-header-content-length";

/** The tensors' names, as in the ONNX export. */
const INPUT = "pixels";
const OUTPUT = "logits";
/** Bytes of an FP32. */
const ELEMENT = 4;
/** What a value may be past the ends of its range: an FP32's rounding. */
const SLACK = 1e-3;

/** A model as the protocol knows it. */
export interface ServedModel {
  /** Its name in the paths. */
  readonly name: string;
  /** Its only version. */
  readonly version: string;
  /** Height and width of an image. */
  readonly size: number;
  /** The classes, in the order of the logits. */
  readonly classes: readonly string[];
  /** The least and the greatest value of a pixel. */
  readonly range: readonly [low: number, high: number];
  /** What the logits are divided by before softmax makes them probabilities. */
  readonly temperature: number;
}

/** What a request asks for. */
export interface InferRequest {
  /** Its identifier, given back in the answer. */
  readonly id?: string;
  /** The images, `[1, size, size]` each; none where there are pictures. */
  readonly images: readonly Float32Array[];
  /** Pictures as files, in place of images; null where there are images. */
  readonly pictures: readonly Uint8Array[] | null;
  /** Which pictures are framed by their faces; null where it does not say. */
  readonly faces: FaceMode | null;
  /** Whether the logits are to come as bytes. */
  readonly binary: boolean;
}

/** What became of a request's pictures. */
export interface Framing {
  /** How many were framed by their faces. */
  readonly framed: number;
  /** How many were taken whole. */
  readonly whole: number;
}

/** Which pictures are framed by their faces. */
export const FACE_MODES = ["auto", "crop", "find"] as const;

/** Which pictures are framed by their faces. */
export type FaceMode = typeof FACE_MODES[number];

/** A body with its headers. */
export interface Encoded {
  /** The body. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Its headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What the server says of itself.
 *
 * @param version The library's.
 */
export function serverMetadata(version: string): Record<string, unknown> {
  return { name: "fer", version, extensions: ["binary_tensor_data"] };
}

/**
 * What a model says of itself; a size of -1 is any.
 *
 * @param model The model.
 */
export function modelMetadata(model: ServedModel): Record<string, unknown> {
  const { name, version, size, classes, range: [low, high], temperature } = model;
  return {
    name,
    versions: [version],
    platform: "fer_safetensors",
    inputs: [{ name: INPUT, datatype: "FP32", shape: [-1, 1, size, size] }],
    outputs: [{ name: OUTPUT, datatype: "FP32", shape: [-1, classes.length] }],
    properties: {
      classes: classes.join(","),
      range: `${low},${high}`,
      temperature: String(temperature),
      pictures: `BYTES [-1] of the name ${PICTURES} in place of ${INPUT}: JPEG, PNG or WebP files`,
    },
  };
}

/** The tensor's numbers, flattened or nested as its shape says. */
function numbersOf(data: unknown, shape: readonly number[]): Float32Array {
  if (!Array.isArray(data)) throw expectation("inputs[0].data", "an array", data);
  const count = shape.reduce((a, b) => a * b, 1);
  const numbers = new Float32Array(count);
  let at = 0;
  const read = (values: readonly unknown[], path: () => string): void => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== "number") throw expectation(`${path()}[${i}]`, "a number", value);
      numbers[at++] = value;
    }
  };
  const descend = (values: readonly unknown[], depth: number, path: () => string): void => {
    if (values.length !== shape[depth]) {
      throw refuse(
        `expected ${path()} to have ${shape[depth]} elements, as the shape ${found(shape)} says, ` +
          `got ${values.length}`,
      );
    }
    if (depth === shape.length - 1) return read(values, path);
    values.forEach((value, i) => {
      const inner = () => `${path()}[${i}]`;
      if (!Array.isArray(value)) throw expectation(inner(), "an array", value);
      descend(value, depth + 1, inner);
    });
  };
  const path = () => "inputs[0].data";
  if (Array.isArray(data[0])) descend(data, 0, path);
  else if (data.length === count) read(data, path);
  else {
    throw refuse(
      `expected inputs[0].data to have ${count} elements, as the shape ${found(shape)} says, ` +
        `got ${data.length}`,
    );
  }
  return numbers;
}

/** Bytes as numbers, little-endian; a copy, since they may lie at any offset. */
function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}

function shapeOf(input: Fields, size: number): readonly number[] {
  const { shape } = input;
  const isFitting = Array.isArray(shape) && shape.length === 4 &&
    Number.isSafeInteger(shape[0]) && shape[0] >= 1 &&
    shape[1] === 1 && shape[2] === size && shape[3] === size;
  if (isFitting) return shape;
  throw expectation("inputs[0].shape", `[N,1,${size},${size}] with N from 1 on`, shape);
}

/** The one input. */
function inputOf(request: Fields): Fields {
  const { inputs } = request;
  if (!Array.isArray(inputs)) throw expectation("inputs", "an array", inputs);
  if (inputs.length !== 1) {
    throw refuse(`expected one input, "${INPUT}", got ${inputs.length}`);
  }
  const [input] = inputs;
  if (!isObject(input)) throw expectation("inputs[0]", "an object", input);
  if (parametersOf("inputs[0].", input).shared_memory_region !== undefined) {
    throw refuse("there is no shared memory: send the tensor as JSON or as binary data");
  }
  return input;
}

/** The numbers of the input tensor. */
function pixelsOf(input: Fields, binary: Uint8Array, size: number): Float32Array {
  const { name, datatype, data } = input;
  if (name !== INPUT) throw expectation("inputs[0].name", `"${INPUT}"`, name);
  if (datatype !== "FP32") throw expectation("inputs[0].datatype", '"FP32"', datatype);
  const shape = shapeOf(input, size);
  const { binary_data_size: bytes } = parametersOf("inputs[0].", input);
  if (bytes === undefined) {
    if (binary.length > 0) {
      throw refuse(
        `${binary.length} bytes follow the JSON, but no binary_data_size speaks of them`,
      );
    }
    return numbersOf(data, shape);
  }
  if (data !== undefined) throw refuse("inputs[0] has both data and binary_data_size");
  const expected = shape.reduce((a, b) => a * b, ELEMENT);
  if (bytes !== expected) {
    throw refuse(
      `expected inputs[0].parameters.binary_data_size to be ${expected}, as the shape ` +
        `${found(shape)} says, got ${found(bytes)}`,
    );
  }
  if (binary.length !== expected) {
    throw refuse(
      `expected ${expected} bytes after the JSON, as binary_data_size says, got ${binary.length}`,
    );
  }
  return floatsOf(binary);
}

function facesOf(request: Fields): FaceMode | null {
  const { faces } = parametersOf("", request);
  if (faces === undefined) return null;
  const mode = FACE_MODES.find((each) => each === faces);
  if (mode) return mode;
  throw expectation("parameters.faces", `one of ${FACE_MODES.join(", ")}`, faces);
}

/** Whether the output is to come as bytes. */
function isBinary(request: Fields): boolean {
  const byDefault = booleanOf("", parametersOf("", request), "binary_data_output") ?? false;
  const { outputs = [] } = request;
  if (!Array.isArray(outputs)) throw expectation("outputs", "an array", outputs);
  if (outputs.length === 0) return byDefault;
  if (outputs.length > 1) throw refuse(`expected one output, "${OUTPUT}", got ${outputs.length}`);
  const [output] = outputs;
  if (!isObject(output)) throw expectation("outputs[0]", "an object", output);
  if (output.name !== OUTPUT) throw expectation("outputs[0].name", `"${OUTPUT}"`, output.name);
  const parameters = parametersOf("outputs[0].", output);
  for (const name of ["classification", "shared_memory_region"]) {
    if (parameters[name] === undefined) continue;
    throw refuse(`there is no ${name}: the output comes as JSON or as binary data`);
  }
  return booleanOf("outputs[0].", parameters, "binary_data") ?? byDefault;
}

/** The images of a tensor, each a view; every number within the range. */
function imagesOf(pixels: Float32Array, model: ServedModel): Float32Array[] {
  const [low, high] = model.range;
  const [least, most] = [low - SLACK, high + SLACK];
  for (let i = 0; i < pixels.length; i++) {
    if (pixels[i] >= least && pixels[i] <= most) continue;
    throw refuse(
      `expected every element of ${INPUT} to be from ${low} to ${high}, ` +
        `got ${pixels[i]} at element ${i}`,
    );
  }
  const area = model.size ** 2;
  return Array.from(
    { length: pixels.length / area },
    (_, i) => pixels.subarray(i * area, (i + 1) * area),
  );
}

function headerLengthOf(header: string | null, length: number): number {
  if (header === null) return length;
  const value = /^\d{1,15}$/.test(header.trim()) ? Number(header) : NaN;
  if (value <= length) return value;
  throw refuse(
    `expected Inference-Header-Content-Length to be from 0 to the body's ${length} bytes, ` +
      `got ${found(header)}`,
  );
}

function parseJson(bytes: Uint8Array): Fields {
  let request: unknown;
  try {
    request = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw refuse(`the body is no JSON (${(error as Error).message})`);
  }
  if (!isObject(request)) throw expectation("the body", "an object", request);
  return request;
}

/**
 * Reads an inference request.
 *
 * @param body Its body.
 * @param header Its header `Inference-Header-Content-Length`, if it has one.
 * @param model The model that it is for.
 * @returns What it asks for.
 * @throws {Problem} 400 when it is not as the protocol and the model want it.
 */
export function parseInferRequest(
  body: Uint8Array,
  header: string | null,
  model: ServedModel,
): InferRequest {
  const headerLength = headerLengthOf(header, body.length);
  if (header !== null && headerLength === 0) {
    // A raw binary request: the tensor alone, its one open dimension known from its length.
    const bytes = ELEMENT * model.size ** 2;
    if (body.length === 0 || body.length % bytes !== 0) {
      throw refuse(
        `expected a tensor of ${bytes} bytes an image without JSON before it, ` +
          `got ${body.length} bytes`,
      );
    }
    const images = imagesOf(floatsOf(body), model);
    return { images, pictures: null, faces: null, binary: true };
  }
  const request = parseJson(body.subarray(0, headerLength));
  const { id } = request;
  if (id !== undefined && typeof id !== "string") throw expectation("id", "a string", id);
  const binary = isBinary(request);
  const faces = facesOf(request);
  const input = inputOf(request);
  const tail = body.subarray(headerLength);
  if (input.name === PICTURES) {
    return { id, images: [], pictures: picturesOf(input, tail), faces, binary };
  }
  return {
    id,
    images: imagesOf(pixelsOf(input, tail, model.size), model),
    ...{ pictures: null, faces, binary },
  };
}

/**
 * Writes an answer.
 *
 * @param request What was asked for.
 * @param logits Of each image.
 * @param model The model.
 * @param framing What became of its pictures, if it had some.
 * @returns The body and its headers.
 */
export function encodeInferResponse(
  request: InferRequest,
  logits: readonly Float32Array[],
  model: ServedModel,
  framing: Framing | null = null,
): Encoded {
  const width = model.classes.length;
  const values = new Float32Array(logits.length * width);
  logits.forEach((row, i) => values.set(row, i * width));
  const output = { name: OUTPUT, datatype: "FP32", shape: [logits.length, width] };
  const wrapped = (content: Fields) => ({
    model_name: model.name,
    model_version: model.version,
    ...(request.id === undefined ? {} : { id: request.id }),
    ...(framing ? { parameters: framing } : {}),
    outputs: [{ ...output, ...content }],
  });
  const encoder = new TextEncoder();
  if (!request.binary) {
    const body = encoder.encode(JSON.stringify(wrapped({ data: [...values] })));
    return { body, headers: { "content-type": "application/json" } };
  }
  const parameters = { binary_data_size: values.byteLength };
  const json = encoder.encode(JSON.stringify(wrapped({ parameters })));
  const body = new Uint8Array(json.length + values.byteLength);
  body.set(json);
  body.set(new Uint8Array(values.buffer), json.length);
  return {
    body,
    headers: { "content-type": "application/octet-stream", [HEADER_LENGTH]: String(json.length) },
  };
}
