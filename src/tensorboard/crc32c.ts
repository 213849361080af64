/**
 * The checksum of TensorFlow's records: CRC-32C (Castagnoli), masked.
 *
 * @module
 */

/** Castagnoli's polynomial, its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/**
 * The CRC-32C of bytes.
 *
 * @param bytes The bytes.
 * @returns From 0 to 2^32 - 1.
 */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ crc >>> 8;
  return ~crc >>> 0;
}

/**
 * The checksum as records have it: turned, and moved by a constant, so that a checksum of bytes with
 * checksums in them is none of their own.
 *
 * @param bytes The bytes.
 * @returns From 0 to 2^32 - 1.
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return ((crc >>> 15 | crc << 17) + 0xa282ead8) >>> 0;
}
