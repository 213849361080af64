/**
 * Text in pictures, in letters of 5 x 7 pixels that were drawn for this library.
 *
 * @module
 */
import type { Canvas, Colour } from "./canvas.ts";

/** A glyph's seven rows of five pixels, a digit of base 32 each; capitals stand for small letters. */
const GLYPHS: Readonly<Record<string, string>> = {
  "A": "ehhvhhh",
  "B": "uhhuhhu",
  "C": "ehggghe",
  "D": "uhhhhhu",
  "E": "vgguggv",
  "F": "vgguggg",
  "G": "ehgnhhf",
  "H": "hhhvhhh",
  "I": "e44444e",
  "J": "72222ic",
  "K": "hikokih",
  "L": "ggggggv",
  "M": "hrllhhh",
  "N": "hpljhhh",
  "O": "ehhhhhe",
  "P": "uhhuggg",
  "Q": "ehhhlid",
  "R": "uhhukih",
  "S": "fgge11u",
  "T": "v444444",
  "U": "hhhhhhe",
  "V": "hhhhha4",
  "W": "hhhllla",
  "X": "hha4ahh",
  "Y": "hha4444",
  "Z": "v1248gv",
  "0": "ehjlphe",
  "1": "4c4444e",
  "2": "eh168gv",
  "3": "v2421he",
  "4": "26aiv22",
  "5": "vgu11he",
  "6": "68guhhe",
  "7": "v124888",
  "8": "ehhehhe",
  "9": "ehhf12c",
  " ": "0000000",
  ".": "00000cc",
  ",": "0000c48",
  "-": "000v000",
  "_": "000000v",
  "+": "044v440",
  "%": "op248j3",
  ":": "0cc0cc0",
  "/": "11248gg",
  "(": "2488842",
  ")": "8422248",
  "'": "4480000",
  "&": "cik8lid",
  "?": "eh12404",
  "!": "4444404",
  "#": "aavavaa",
};

/** What stands for a letter that is not drawn. */
const UNKNOWN = "vhhhhhv";

/** Height and width of a glyph, and the pixels between two. */
const [HEIGHT, WIDTH, GAP] = [7, 5, 1];

/** The letters of a text, without what is above and below them. */
function lettersOf(text: string): string[] {
  return [...text.normalize("NFD").replace(/\p{M}/gu, "").toUpperCase()];
}

/**
 * How large a text is.
 *
 * @param text The text.
 * @param scale The side of a glyph's pixel, in pixels.
 * @returns Width and height in pixels.
 */
export function textSize(text: string, scale: number): { width: number; height: number } {
  const { length } = lettersOf(text);
  return { width: scale * Math.max(0, length * (WIDTH + GAP) - GAP), height: scale * HEIGHT };
}

/**
 * Draws a text.
 *
 * @param canvas Where.
 * @param text The text; letters that are not drawn become a box.
 * @param x Its left edge, in pixels.
 * @param y Its upper edge.
 * @param scale The side of a glyph's pixel, in pixels.
 * @param colour Its colour.
 */
export function drawText(
  canvas: Canvas,
  text: string,
  x: number,
  y: number,
  scale: number,
  colour: Colour,
): void {
  for (const [i, letter] of lettersOf(text).entries()) {
    const glyph = GLYPHS[letter] ?? UNKNOWN;
    const left = x + i * scale * (WIDTH + GAP);
    for (let row = 0; row < HEIGHT; row++) {
      const bits = parseInt(glyph[row], 32);
      for (let column = 0; column < WIDTH; column++) {
        if (bits >> (WIDTH - 1 - column) & 1) {
          canvas.fill(left + column * scale, y + row * scale, scale, scale, colour);
        }
      }
    }
  }
}
