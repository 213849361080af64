/// <reference lib="dom" />
/**
 * Boxes over the picture, each with its expression, its bars and its map.
 *
 * @module
 */
import type { TrackedFace } from "../../../mod.ts";
import { make, write } from "./elements.ts";
import { drawHeat } from "./heat.ts";
import { toneOf } from "./tones.ts";
import { bestOf, issuesOf, percent } from "./wording.ts";

/** What boxes are drawn upon. */
export interface Canvas {
  /** The picture's size: what the boxes' pixels refer to. */
  readonly width: number;
  readonly height: number;
  /** Whether left and right are exchanged. */
  readonly isMirrored: boolean;
}

/** Pixels of the screen that a name above a box takes, and bars below it. */
const NAME = 34;
const BARS = 48;

/** One face's elements. */
class FaceBox {
  readonly box = make("div", "box");
  readonly heat = make("canvas", "heat");
  readonly #number = make("span", "number");
  readonly #what = make("span");
  readonly #share = make("b");
  readonly #bars = make("div", "bars");
  readonly #bar = new Map<string, HTMLElement>();

  constructor(classes: readonly string[]) {
    classes.forEach((label, i) => {
      const bar = make("i");
      bar.style.setProperty("--tone", toneOf(label, i));
      this.#bar.set(label, bar);
      this.#bars.append(bar);
    });
    this.box.append(make("div", "tag", this.#number, this.#what, this.#share), this.#bars);
  }

  update(
    face: TrackedFace,
    classes: readonly string[],
    canvas: Canvas,
    scale: number,
    isAlone: boolean,
  ): void {
    const { box, probabilities, map, crop } = face;
    const across = (x: number): number => canvas.isMirrored ? canvas.width - x : x;
    const place = (element: HTMLElement, x: number, y: number, width: number, height: number) => {
      element.style.left = `${100 * x / canvas.width}%`;
      element.style.top = `${100 * y / canvas.height}%`;
      element.style.width = `${100 * width / canvas.width}%`;
      element.style.height = `${100 * height / canvas.height}%`;
    };
    const left = canvas.isMirrored ? across(box.x + box.width) : box.x;
    place(this.box, left, box.y, box.width, box.height);
    const best = bestOf(face);
    const share = best?.probability ?? 0;
    write(this.#number, isAlone ? "" : String(face.id));
    write(this.#what, best?.label ?? issuesOf(face));
    write(this.#share, best ? percent(share) : "");
    this.box.classList.toggle("untold", !best);
    const below = canvas.height - box.y - box.height;
    this.box.classList.toggle("high", box.y * scale < NAME);
    this.box.classList.toggle("low", below * scale < BARS);
    this.box.classList.toggle("right", left > 0.7 * canvas.width);
    this.box.style.setProperty(
      "--tone",
      best ? toneOf(best.label, classes.indexOf(best.label)) : "var(--untold)",
    );
    for (const { label, probability } of probabilities ?? []) {
      this.#bar.get(label)?.style.setProperty("--share", String(probability));
    }
    this.heat.hidden = !map;
    if (!map) return;
    drawHeat(this.heat, map);
    const { size, rotation } = crop;
    place(this.heat, across(crop.x) - size / 2, crop.y - size / 2, size, size);
    this.heat.style.transform = canvas.isMirrored
      ? `scaleX(-1) rotate(${rotation}deg)`
      : `rotate(${rotation}deg)`;
  }
}

/** All boxes. */
export class Overlay {
  readonly #element: HTMLElement;
  readonly #faces = new Map<number, FaceBox>();

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  /**
   * Shows a frame's faces.
   *
   * @param faces The faces.
   * @param classes The expressions.
   * @param canvas What they are drawn upon.
   */
  show(faces: readonly TrackedFace[], classes: readonly string[], canvas: Canvas): void {
    const scale = this.#element.clientHeight / canvas.height;
    const here = new Set(faces.map(({ id }) => id));
    for (const [id, { box, heat }] of this.#faces) {
      if (here.has(id)) continue;
      box.remove();
      heat.remove();
      this.#faces.delete(id);
    }
    for (const face of faces) {
      let shown = this.#faces.get(face.id);
      if (!shown) {
        shown = new FaceBox(classes);
        this.#faces.set(face.id, shown);
        // Maps lie below every box.
        this.#element.prepend(shown.heat);
        this.#element.append(shown.box);
      }
      shown.update(face, classes, canvas, scale, faces.length === 1);
    }
  }
}
