/**
 * Names that look alike.
 *
 * @module
 */

/**
 * A name without what nobody sees: Unicode has two forms of `é`, and spaces at the ends, doubled or
 * of other widths look like others, as do marks that take no room.
 *
 * @param name As it is written.
 * @returns The name as it looks, composed (NFC).
 */
export function visibleName(name: string): string {
  return name.normalize("NFC").replace(/\p{Cf}/gu, "").replace(/[\s\p{Zs}]+/gu, " ").trim();
}

/**
 * What names that look alike have in common, upper and lower case included.
 *
 * @param name As it is written.
 */
export function alikeKey(name: string): string {
  return visibleName(name.normalize("NFKC")).toLowerCase().normalize("NFC");
}
