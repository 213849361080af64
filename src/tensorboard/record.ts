/**
 * A record of TensorFlow's files: length, its checksum, bytes, their checksum.
 *
 * @module
 */
import { maskedCrc32c } from "./crc32c.ts";

/**
 * Frames bytes as a record.
 *
 * @param bytes What the record holds.
 * @returns The record.
 */
export function recordOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(bytes.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedCrc32c(bytes), true);
  return record;
}
