/**
 * A confusion matrix as a picture.
 *
 * @module
 */
import { Canvas, type Colour } from "../draw/canvas.ts";
import { drawText, textSize } from "../draw/text.ts";

const [WHITE, BLACK, BLUE]: readonly Colour[] = [[255, 255, 255], [30, 30, 30], [36, 96, 200]];

/** The side of a cell, the room around, and the letters' scale, in pixels. */
const [CELL, MARGIN, SCALE] = [56, 8, 2];

/**
 * Draws a confusion matrix: rows are true, columns predicted; a cell is the darker, the larger its
 * share of the row.
 *
 * @param confusion Counts, `[classes][classes]`.
 * @param classes The class names.
 * @returns An RGB picture.
 */
export function confusionPicture(
  confusion: ReadonlyArray<readonly number[]>,
  classes: readonly string[],
): Canvas {
  const widths = classes.map((name) => textSize(name, SCALE).width);
  const label = Math.max(...widths) + 2 * MARGIN;
  // A column's name stands above it, two in turn at two heights, so that they do not meet.
  const line = textSize("A", SCALE).height + MARGIN;
  const top = 2 * line + MARGIN;
  const canvas = new Canvas(
    label + CELL * classes.length + label / 2 | 0,
    top + CELL * classes.length + MARGIN,
  );
  canvas.fill(0, 0, canvas.width, canvas.height, WHITE);
  const centred = (text: string, x: number, y: number, colour: Colour): void => {
    const { width, height } = textSize(text, SCALE);
    drawText(canvas, text, Math.round(x - width / 2), Math.round(y - height / 2), SCALE, colour);
  };
  classes.forEach((name, k) => {
    const middle = label + CELL * k + CELL / 2;
    centred(name, middle, MARGIN + line / 2 + (k % 2) * line, BLACK);
    const { width, height } = textSize(name, SCALE);
    const y = Math.round(top + CELL * k + (CELL - height) / 2);
    drawText(canvas, name, label - MARGIN - width, y, SCALE, BLACK);
  });
  confusion.forEach((row, i) => {
    const total = row.reduce((a, b) => a + b, 0);
    row.forEach((count, k) => {
      const share = total === 0 ? 0 : count / total;
      const colour = BLUE.map((channel) => Math.round(255 + (channel - 255) * share));
      const [x, y] = [label + CELL * k, top + CELL * i];
      canvas.fill(x + 1, y + 1, CELL - 2, CELL - 2, [colour[0], colour[1], colour[2]]);
      centred(String(count), x + CELL / 2, y + CELL / 2, share > 0.5 ? WHITE : BLACK);
    });
  });
  return canvas;
}
