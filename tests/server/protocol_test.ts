import { assertEquals, assertThrows } from "@std/assert";
import { Problem } from "../../examples/server/problem.ts";
import {
  encodeInferResponse,
  parseInferRequest,
  type ServedModel,
} from "../../examples/server/protocol.ts";

const MODEL: ServedModel = {
  ...{ name: "fer", version: "1", size: 2, classes: ["a", "b", "c"] },
  ...{ range: [-1, 1], temperature: 1 },
};
const DATA = [-1, 0.5, 0.25, 1];
const INPUT = { name: "pixels", shape: [1, 1, 2, 2], datatype: "FP32", data: DATA };

const encode = (text: string) => new TextEncoder().encode(text);

function parse(request: unknown, header: string | null = null, tail: number[] = []) {
  const json = encode(typeof request === "string" ? request : JSON.stringify(request));
  const body = new Uint8Array([...json, ...new Uint8Array(new Float32Array(tail).buffer)]);
  return parseInferRequest(body, header === "json" ? String(json.length) : header, MODEL);
}

Deno.test("parseInferRequest() reads a tensor at any offset", () => {
  const { data: _, ...input } = { ...INPUT, parameters: { binary_data_size: 16 } };
  for (const id of ["", "1", "12", "123"]) {
    const request = parse({ id, inputs: [input] }, "json", DATA);
    assertEquals([request.id, [...request.images[0]]], [id, DATA]);
  }
});

Deno.test("parseInferRequest() lets a value be past its range by rounding", () => {
  const [image] = parse({ inputs: [{ ...INPUT, data: [-1.0005, 1.0005, 0, 0] }] }).images;
  assertEquals(image[0], Math.fround(-1.0005));
});

const both = { ...INPUT, parameters: { binary_data_size: 16 } };
const { data: _, ...bare } = both;
const output = (fields: Record<string, unknown>) => ({
  ...{ inputs: [INPUT], outputs: [{ name: "logits", ...fields }] },
});
const withInput = (fields: Record<string, unknown>) => ({ inputs: [{ ...INPUT, ...fields }] });

/** What is wrong, as a request; header and tensor behind it; the message. */
const WRONG: [string, unknown, string, string?, number[]?][] = [
  ["an empty body", "", "the body is no JSON (Unexpected end of JSON input)"],
  ["half a JSON", '{"inputs":[', "the body is no JSON ("],
  ["an array", [], "expected the body to be an object, got []"],
  ["null", null, "expected the body to be an object, got null"],
  ["no inputs", {}, "expected inputs to be an array, got nothing"],
  ["inputs as an object", { inputs: INPUT }, "expected inputs to be an array, got {"],
  ["an empty list of inputs", { inputs: [] }, 'expected one input, "pixels", got 0'],
  ["two inputs", { inputs: [INPUT, INPUT] }, 'expected one input, "pixels", got 2'],
  ["an input that is none", { inputs: [7] }, "expected inputs[0] to be an object, got 7"],
  [
    "another name",
    withInput({ name: "image" }),
    'expected inputs[0].name to be "pixels", got "image"',
  ],
  [
    "another type",
    withInput({ datatype: "UINT8" }),
    'expected inputs[0].datatype to be "FP32", got "UINT8"',
  ],
  [
    "another shape",
    withInput({ shape: [1, 2, 2, 1] }),
    "expected inputs[0].shape to be [N,1,2,2] with N from 1 on, got [1,2,2,1]",
  ],
  ["no images", withInput({ shape: [0, 1, 2, 2], data: [] }), "got [0,1,2,2]"],
  ["half an image", withInput({ shape: [0.5, 1, 2, 2] }), "got [0.5,1,2,2]"],
  ["a shape of texts", withInput({ shape: ["1", 1, 2, 2] }), 'got ["1",1,2,2]'],
  [
    "a number too few",
    withInput({ data: [1, 1, 1] }),
    "to have 4 elements, as the shape [1,1,2,2]",
  ],
  [
    "no data",
    withInput({ data: undefined }),
    "expected inputs[0].data to be an array, got nothing",
  ],
  [
    "data as a text",
    withInput({ data: "AAAA" }),
    'expected inputs[0].data to be an array, got "AAAA"',
  ],
  [
    "a text among numbers",
    withInput({ data: [0, 0, "0", 0] }),
    'expected inputs[0].data[2] to be a number, got "0"',
  ],
  [
    "nested data with a short row",
    withInput({ data: [[[[0, 0], [0]]]] }),
    "expected inputs[0].data[0][0][1] to have 2 elements, as the shape [1,1,2,2] says, got 1",
  ],
  [
    "nested data that is not as deep as the shape",
    withInput({ data: [[[0, 0], [0, 0]]] }),
    "expected inputs[0].data[0] to have 1 elements",
  ],
  [
    "nested data with a number for a row",
    withInput({ data: [[[[0, 0], 0]]] }),
    "expected inputs[0].data[0][0][1] to be an array, got 0",
  ],
  [
    "bytes from 0 to 255",
    withInput({ data: [0, 255, 0, 0] }),
    "from -1 to 1, got 255 at element 1",
  ],
  ["an id that is a number", { id: 7, inputs: [INPUT] }, "expected id to be a string, got 7"],
  [
    "parameters as a list",
    withInput({ parameters: [] }),
    "expected inputs[0].parameters to be an object, got []",
  ],
  [
    "another output",
    output({ name: "probs" }),
    'expected outputs[0].name to be "logits", got "probs"',
  ],
  [
    "two outputs",
    { inputs: [INPUT], outputs: [{ name: "logits" }, { name: "logits" }] },
    'expected one output, "logits", got 2',
  ],
  [
    "binary_data that is a number",
    output({ parameters: { binary_data: 1 } }),
    "expected outputs[0].parameters.binary_data to be true or false, got 1",
  ],
  ["classification", output({ parameters: { classification: 3 } }), "there is no classification"],
  [
    "shared memory for the output",
    output({ parameters: { shared_memory_region: "r" } }),
    "there is no shared_memory_region",
  ],
  [
    "shared memory for the input",
    withInput({ parameters: { shared_memory_region: "r" } }),
    "there is no shared memory",
  ],
  ["data and bytes", { inputs: [both] }, "both data and binary_data_size", "json", DATA],
  ["bytes without a size", { inputs: [INPUT] }, "16 bytes follow the JSON", "json", DATA],
  ["too few bytes", { inputs: [bare] }, "expected 16 bytes after the JSON", "json", [1, 1, 1]],
  ["too many bytes", { inputs: [bare] }, "as binary_data_size says, got 20", "json", [...DATA, 1]],
  ["a size without bytes", { inputs: [bare] }, "expected 16 bytes after the JSON"],
  [
    "another size than the shape's",
    { inputs: [{ ...bare, parameters: { binary_data_size: 20 } }] },
    "binary_data_size to be 16, as the shape [1,1,2,2] says, got 20",
    "json",
    [...DATA, 1],
  ],
  ["bytes that are no numbers", { inputs: [bare] }, "got NaN at element 3", "json", [0, 0, 0, NaN]],
  ["a header that is none", "{}", 'to be from 0 to the body\'s 2 bytes, got "two"', "two"],
  ["a header past the end", "{}", 'got "3"', "3"],
  ["a negative header", "{}", 'got "-1"', "-1"],
  ["a raw request without bytes", "", "a tensor of 16 bytes an image", "0"],
  ["a raw request of half an image", "12345678", "got 8 bytes", "0"],
];

for (const [what, request, message, header = null, tail] of WRONG) {
  Deno.test(`parseInferRequest() refuses ${what}`, () => {
    const error = assertThrows(() => parse(request, header, tail), Problem, message);
    assertEquals(error.status, 400);
  });
}

Deno.test("parseInferRequest() refuses a number that JSON can write and FP32 cannot hold", () => {
  const text = JSON.stringify({ inputs: [INPUT] }).replace("0.25", "1e999");
  assertThrows(() => parse(text), Problem, "got Infinity at element 2");
});

Deno.test("parseInferRequest() refuses bytes that are no UTF-8", () => {
  const body = new Uint8Array([0x7b, 0xff, 0x7d]);
  assertThrows(() => parseInferRequest(body, null, MODEL), Problem, "the body is no JSON");
});

Deno.test("parseInferRequest() cuts long values short in its messages", () => {
  const name = "x".repeat(1000);
  const error = assertThrows(() => parse(withInput({ name })), Problem);
  assertEquals(error.message.length < 150, true);
});

Deno.test("encodeInferResponse() gives the JSON's length in bytes, not in characters", () => {
  const logits = [new Float32Array([1, 2, 3]), new Float32Array([4, 5, 6])];
  const request = { id: "é…", images: [], pictures: null, faces: null, binary: true };
  const { body, headers } = encodeInferResponse(request, logits, MODEL);
  const length = Number(headers["inference-header-content-length"]);
  assertEquals(JSON.parse(new TextDecoder().decode(body.slice(0, length))).id, "é…");
  assertEquals([...new Float32Array(body.slice(length).buffer)], [1, 2, 3, 4, 5, 6]);
});
