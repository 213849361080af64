/**
 * From a number to a colour, evenly to the eye.
 *
 * @module
 */

/** A colour map: the darkest colour for 0, the brightest for 1. */
export type ColourMap = "viridis" | "inferno";

/** The names of the colour maps. */
export const COLOUR_MAPS: readonly ColourMap[] = ["viridis", "inferno"];

/**
 * Every sixteenth colour of matplotlib's maps, by Nathaniel Smith, Stefan van der Walt and Eric
 * Firing, CC0. Linear in between, no channel is more than 7 of 255 from theirs.
 */
const COLOURS: Readonly<Record<ColourMap, string>> = {
  viridis:
    "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918d 1f9f88 27ad81 3ebc74 5dc863 " +
    "82d34d aadc32 d5e21a fde725",
  inferno:
    "000004 0b0724 210c4a 3d0965 57106e 70196e 89226a a32c61 bb3755 d14545 e35932 f1721e f98d0a " +
    "fcaa0f f9c932 f2e865 fcffa4",
};

/**
 * A colour map's table.
 *
 * @param name Which map.
 * @returns Colours at even distances from 0 to 1, as `#rrggbb`.
 */
export function colourStops(name: ColourMap): string[] {
  return COLOURS[name].split(" ").map((colour) => `#${colour}`);
}

/**
 * Makes a colour map.
 *
 * @param name Which one.
 * @returns From a number in [0, 1] to red, green and blue, each from 0 to 255, not rounded.
 */
export function colourMap(name: ColourMap): (value: number) => [number, number, number] {
  const table = COLOURS[name].split(" ").map((colour) => {
    const rgb = Number.parseInt(colour, 16);
    return [rgb >> 16, rgb >> 8 & 255, rgb & 255];
  });
  return (value) => {
    const at = Math.min(Math.max(value, 0), 1) * (table.length - 1);
    const lower = Math.min(Math.floor(at), table.length - 2);
    const mix = (channel: number) =>
      table[lower][channel] + (table[lower + 1][channel] - table[lower][channel]) * (at - lower);
    return [mix(0), mix(1), mix(2)];
  };
}
