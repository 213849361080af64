/**
 * What the load test asks the server: good requests in every form, and malformed ones of many kinds.
 *
 * @module
 */
import { Generator } from "../../src/random.ts";

/** The side of an image. */
export const SIZE = 48;
/** Elements of an image. */
export const AREA = SIZE * SIZE;

/** A request, and what it has to be answered with. */
export interface LoadRequest {
  /** What it is, for messages. */
  readonly kind: string;
  /** The path. */
  readonly path: string;
  /** Method, headers and body. */
  readonly init: { method: string; headers?: Record<string, string>; body?: BodyInit };
  /** Which images of the pool it has; none if it is malformed. */
  readonly images: readonly number[];
}

const INFER = "/v2/models/fer/infer";
const HEADER = "inference-header-content-length";

/** Random images in [-1, 1]: noise about a random grey, which networks tell apart. */
export function imagePool(count: number): Float32Array[] {
  const generator = new Generator(42);
  return Array.from({ length: count }, () => {
    const grey = generator.uniform(-0.5, 0.5);
    return Float32Array.from({ length: AREA }, () => grey + generator.uniform(-0.5, 0.5));
  });
}

function joined(images: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(images.length * AREA);
  images.forEach((image, i) => all.set(image, i * AREA));
  return all;
}

type Fields = Record<string, unknown>;

function jsonOf(images: readonly Float32Array[], of: Fields = {}, input: Fields = {}): string {
  const tensor = { name: "pixels", shape: [images.length, 1, SIZE, SIZE], datatype: "FP32" };
  return JSON.stringify({ ...of, inputs: [{ ...tensor, ...input }] });
}

/** JSON, then a tensor. */
function withTail(json: string, tensor: Uint8Array<ArrayBuffer>): LoadRequest["init"] {
  const head = new TextEncoder().encode(json);
  const body = new Uint8Array(head.length + tensor.length);
  body.set(head);
  body.set(tensor, head.length);
  return { method: "POST", headers: { [HEADER]: String(head.length) }, body };
}

const GOOD: Readonly<Record<string, (images: readonly Float32Array[]) => LoadRequest["init"]>> = {
  "JSON": (images) => ({ method: "POST", body: jsonOf(images, {}, { data: [...joined(images)] }) }),
  "binary": (images) => {
    const tensor = new Uint8Array(joined(images).buffer);
    const parameters = { binary_data_size: tensor.length };
    return withTail(
      jsonOf(images, { parameters: { binary_data_output: true } }, { parameters }),
      tensor,
    );
  },
  "raw binary": (images) => ({
    ...{ method: "POST", headers: { [HEADER]: "0" }, body: joined(images) },
  }),
};

/** Each is wrong in one way. */
const MALFORMED: Readonly<
  Record<string, (image: Float32Array) => { init: LoadRequest["init"]; path?: string }>
> = {
  "JSON that is cut off": (image) => ({
    init: { method: "POST", body: jsonOf([image], {}, { data: [...image] }).slice(0, -100) },
  }),
  "no body": () => ({ init: { method: "POST" } }),
  "another shape": (image) => ({
    init: {
      method: "POST",
      body: jsonOf([image], {}, { shape: [1, SIZE, SIZE, 1], data: [...image] }),
    },
  }),
  "another type": (image) => ({
    init: { method: "POST", body: jsonOf([image], {}, { datatype: "UINT8", data: [...image] }) },
  }),
  "a number too few": (image) => ({
    init: { method: "POST", body: jsonOf([image], {}, { data: [...image.subarray(1)] }) },
  }),
  "samples from 0 to 255": (image) => ({
    init: {
      method: "POST",
      body: jsonOf([image], {}, {
        data: [...image].map((value) => Math.round(127.5 * (value + 1))),
      }),
    },
  }),
  "another output": (image) => ({
    init: {
      method: "POST",
      body: jsonOf([image], { outputs: [{ name: "probabilities" }] }, { data: [...image] }),
    },
  }),
  "a tensor that is cut off": (image) => ({
    init: withTail(
      jsonOf([image], {}, { parameters: { binary_data_size: 4 * AREA } }),
      new Uint8Array(joined([image]).buffer).slice(0, -4),
    ),
  }),
  "a tensor with no numbers": (image) => ({
    init: withTail(
      jsonOf([image], {}, { parameters: { binary_data_size: 4 * AREA } }),
      new Uint8Array(new Float32Array(AREA).fill(NaN).buffer),
    ),
  }),
  "a header past the end": (image) => ({
    init: { method: "POST", headers: { [HEADER]: "99999999" }, body: joined([image]) },
  }),
  "another model": (image) => ({
    path: "/v2/models/other/infer",
    init: { method: "POST", headers: { [HEADER]: "0" }, body: joined([image]) },
  }),
  "another method": (image) => ({
    init: { method: "PUT", headers: { [HEADER]: "0" }, body: joined([image]) },
  }),
  "a picture that is none": () => ({
    path: "/recognize",
    init: { method: "POST", body: "GIF89a" },
  }),
};

/**
 * Makes the requests: always the same.
 *
 * @param pool The images.
 * @param count How many requests.
 * @param malformed The share of malformed ones.
 */
export function loadRequests(
  pool: readonly Float32Array[],
  count: number,
  malformed: number,
): LoadRequest[] {
  const generator = new Generator(7);
  const bad = Math.round(count * malformed);
  // Fisher and Yates's shuffle: malformed ones may be anywhere.
  const places = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = generator.integer(i + 1);
    [places[i], places[j]] = [places[j], places[i]];
  }
  const kinds = { good: Object.entries(GOOD), bad: Object.entries(MALFORMED) };
  return Array.from({ length: count }, (_, i) => {
    if (places[i] < bad) {
      const [kind, make] = kinds.bad[places[i] % kinds.bad.length];
      return { kind, path: INFER, images: [], ...make(pool[i % pool.length]) };
    }
    const [kind, make] = kinds.good[i % kinds.good.length];
    const images = Array.from({ length: 1 + i % 4 }, () => generator.integer(pool.length));
    return { kind, path: INFER, images, init: make(images.map((each) => pool[each])) };
  });
}

/**
 * The logits in an answer, whichever form it has.
 *
 * @param response The answer.
 * @returns One after the other.
 */
export async function logitsIn(response: Response): Promise<Float32Array> {
  const header = response.headers.get(HEADER);
  const body = await response.bytes();
  if (header !== null) return new Float32Array(body.slice(Number(header)).buffer);
  return new Float32Array(JSON.parse(new TextDecoder().decode(body)).outputs[0].data);
}

/** How far logits may be from the network's own. */
const TOLERANCE = 1e-4;

/**
 * What is wrong with logits.
 *
 * @param logits As they came, one image after the other.
 * @param images Which images of the pool were asked about.
 * @param expected The network's own, of each image of the pool.
 * @returns What, or `undefined`.
 */
export function faultOf(
  logits: Float32Array,
  images: readonly number[],
  expected: readonly Float32Array[],
): string | undefined {
  const wanted = images.flatMap((image) => [...expected[image]]);
  if (logits.length !== wanted.length) return `${logits.length} logits, not ${wanted.length}`;
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - logits[i])));
  return worst <= TOLERANCE ? undefined : `logits are off by ${worst}`;
}
