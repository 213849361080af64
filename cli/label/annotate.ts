/**
 * Pictures with their faces' boxes and labels drawn in.
 *
 * @module
 */
import type { Image } from "../../src/data.ts";
import { Canvas, type Colour } from "../../src/draw/canvas.ts";
import { drawText, textSize } from "../../src/draw/text.ts";
import type { LabelledFace } from "./picture_result.ts";

/** Colours that are told apart, on light and on dark: Okabe and Ito's, 2008. */
const COLOURS: readonly Colour[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
  [0, 114, 178],
];
const INK: Colour = [0, 0, 0];

/**
 * Draws faces into a copy of a picture.
 *
 * @param image The picture.
 * @param faces Its faces, in its pixels; those without a box get a label alone.
 * @returns The copy.
 */
export function annotated(image: Image, faces: readonly LabelledFace[]): Canvas {
  const canvas = Canvas.of(image);
  const longer = Math.max(canvas.width, canvas.height);
  const scale = Math.max(1, Math.round(longer / 480));
  faces.forEach(({ id, box, probabilities, quality }, i) => {
    const colour = COLOURS[((id ?? i + 1) - 1) % COLOURS.length];
    const [best] = probabilities ?? [];
    const text = [
      id === undefined ? "" : `#${id}`,
      best
        ? `${best.label} ${Math.round(100 * best.probability)}%`
        : quality?.issues.join(" ") ?? "",
    ].filter(Boolean).join(" ");
    const [x, y, width, height] = box
      ? [box.x, box.y, box.width, box.height].map(Math.round)
      : [0, 0, canvas.width, canvas.height];
    if (box) canvas.frame(x, y, width, height, 2 * scale, colour);
    if (text === "") return;
    const size = textSize(text, scale);
    const [tall, wide] = [size.height + 4 * scale, size.width + 4 * scale];
    // Above the box, or where there is no room in it; never past an edge.
    const top = box && y >= tall ? y - tall : y;
    const left = Math.max(0, Math.min(x, canvas.width - wide));
    canvas.fill(left, top, wide, tall, colour);
    drawText(canvas, text, left + 2 * scale, top + 2 * scale, scale, INK);
  });
  return canvas;
}

/**
 * Where a picture's annotated copy goes.
 *
 * @param folder The folder of all copies.
 * @param path The picture.
 * @param ending What its name is to end in, for instance `.png`.
 * @returns A path in the folder, whatever the picture's own one.
 */
export function annotatedPath(folder: string, path: string, ending: string): string {
  const parts = path.replace(/^[a-z]:/i, "").split(/[/\\]/)
    .filter((part) => part !== "" && part !== "." && part !== "..");
  const name = `${folder}/${parts.join("/")}`;
  return name.toLowerCase().endsWith(ending) ? name : name + ending;
}
