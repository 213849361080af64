/** Reads the reference values of torchvision in tests/parity, or in the folder FER_PARITY_DIR. */
import type { Image } from "../../src/transforms.ts";

/** A tensor of the fixture. */
export interface FixtureTensor {
  readonly data: Uint8Array | Float32Array;
  readonly shape: readonly number[];
}

/** One case: the tensors' names, the operation and its arguments. */
export interface FixtureCase {
  readonly in: string;
  readonly out: string;
  readonly op: string;
  readonly interpolation: "nearest" | "bilinear";
  readonly angle: number;
  readonly fill: number;
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  readonly size: number;
  readonly mean: number;
  readonly std: number;
}

const folder = Deno.env.get("FER_PARITY_DIR") ?? new URL("../parity", import.meta.url).pathname;

/** Where a fixture is. */
export function parityFile(name: string, from = folder): string {
  return `${from}/${name}`;
}

/** The cases of transforms.json. */
export function readCases(from?: string): FixtureCase[] {
  return JSON.parse(Deno.readTextFileSync(parityFile("transforms.json", from)));
}

/** The tensors of transforms.safetensors. */
export function readTensors(from?: string): ReadonlyMap<string, FixtureTensor> {
  const { buffer } = Deno.readFileSync(parityFile("transforms.safetensors", from));
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = new Map<string, FixtureTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets } = entry as {
      dtype: string;
      shape: number[];
      data_offsets: [number, number];
    };
    const bytes = new Uint8Array(
      buffer.slice(8 + length + data_offsets[0], 8 + length + data_offsets[1]),
    );
    const data = dtype === "F32" ? new Float32Array(bytes.buffer) : bytes;
    tensors.set(name, { data, shape });
  }
  return tensors;
}

/** A tensor of bytes as an image. */
export function imageOf(tensor: FixtureTensor | undefined): Image {
  if (!(tensor?.data instanceof Uint8Array)) throw new TypeError("the fixture lacks an image");
  return { data: tensor.data, width: tensor.shape[1], height: tensor.shape[0] };
}
