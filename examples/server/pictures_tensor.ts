/**
 * Pictures as a tensor of the Open Inference Protocol: BYTES, an element a file.
 *
 * @module
 */
import { expectation, type Fields, found, parametersOf, refuse } from "./fields.ts";

/** The tensor's name. */
export const PICTURES = "pictures";

/** Bytes of the length before an element. */
const LENGTH = 4;

function countOf(input: Fields): number {
  const { shape } = input;
  const isFitting = Array.isArray(shape) && Number.isSafeInteger(shape[0]) && shape[0] >= 1 &&
    (shape.length === 1 || (shape.length === 2 && shape[1] === 1));
  if (isFitting) return shape[0];
  throw expectation("inputs[0].shape", "[N] with N from 1 on", shape);
}

/** Elements in JSON: base64, since its texts hold no bytes. */
function fromJson(data: unknown, count: number): Uint8Array[] {
  if (!Array.isArray(data)) throw expectation("inputs[0].data", "an array", data);
  const texts = data.flat();
  if (texts.length !== count) {
    throw refuse(
      `expected inputs[0].data to have ${count} elements, as the shape says, got ${texts.length}`,
    );
  }
  return texts.map((text, i) => {
    try {
      if (typeof text === "string") {
        return Uint8Array.fromBase64(text.replace(/^\s*data:[^,]{0,200};\s*base64,/i, ""));
      }
    } catch {
      // It is none, as anything else that is no text.
    }
    throw expectation(`inputs[0].data[${i}]`, "a file in base64", text);
  });
}

/** Elements as bytes: each behind its length, in four bytes, little-endian. */
function fromBinary(bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const elements: Uint8Array[] = [];
  let at = 0;
  while (elements.length < count) {
    const start = at + LENGTH;
    const end = start <= bytes.length ? start + view.getUint32(at, true) : Infinity;
    if (end > bytes.length) {
      throw refuse(
        `expected ${count} elements in the ${bytes.length} bytes of inputs[0], ` +
          `they end within element ${elements.length}`,
      );
    }
    elements.push(bytes.subarray(start, end));
    at = end;
  }
  if (at === bytes.length) return elements;
  throw refuse(`${bytes.length - at} bytes follow the ${count} elements of inputs[0]`);
}

/**
 * Reads the tensor.
 *
 * @param input The input.
 * @param binary What follows the JSON.
 * @returns The files, not looked into.
 * @throws {Problem} 400 when it is not as the protocol wants it.
 */
export function picturesOf(input: Fields, binary: Uint8Array): Uint8Array[] {
  const { datatype, data } = input;
  if (datatype !== "BYTES") throw expectation("inputs[0].datatype", '"BYTES"', datatype);
  const count = countOf(input);
  const { binary_data_size: size } = parametersOf("inputs[0].", input);
  if (size === undefined) {
    if (binary.length === 0) return fromJson(data, count);
    throw refuse(
      `${binary.length} bytes follow the JSON, but no binary_data_size speaks of them`,
    );
  }
  if (data !== undefined) throw refuse("inputs[0] has both data and binary_data_size");
  if (size === binary.length) return fromBinary(binary, count);
  throw refuse(
    `expected inputs[0].parameters.binary_data_size to be ${binary.length}, the bytes after the ` +
      `JSON, got ${found(size)}`,
  );
}
