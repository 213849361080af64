/**
 * A small grey canvas with anti-aliased shapes: what drawn faces are drawn on.
 *
 * @module
 */
import type { Generator } from "../random.ts";

/** Where a face lies on the canvas. */
export interface Placement {
  /** Its middle, away from the canvas's middle, as a share of the canvas. */
  readonly x: number;
  readonly y: number;
  /** The length of one unit, as a share of the canvas. */
  readonly scale: number;
  /** How far it is rolled, in radians. */
  readonly roll: number;
  /** How much wider than high a unit is. */
  readonly stretch: number;
}

/** A mouth: two lips from corner to corner, and what shows between them. */
export interface Mouth {
  readonly left: number;
  readonly right: number;
  readonly leftY: number;
  readonly rightY: number;
  /** The height of the upper and the lower lip in the middle. */
  readonly upper: number;
  readonly lower: number;
  /** The tone inside, and that of the teeth, 0 for none. */
  readonly inside: number;
  readonly teeth: number;
  /** The tone and half the thickness of the lips, and the tone of the line where they close. */
  readonly lip: number;
  readonly thickness: number;
  readonly line: number;
}

const CURVE_STEPS = 6;

/**
 * Shapes are given in the face's units, x to the right and y downwards from its middle; tones run
 * from 0 to 255. An edge is one pixel wide: its coverage is the distance to it, clamped.
 */
export class Canvas {
  readonly #size: number;
  readonly #tones: Float32Array;
  readonly #spare: Float32Array;
  readonly #points: Float64Array = new Float64Array(2 * (CURVE_STEPS + 1));
  // From pixels to units (u = ux * x + uy * y + u0), and the way back.
  readonly #map = {
    ux: 1,
    uy: 0,
    u0: 0,
    vx: 0,
    vy: 1,
    v0: 0,
    xu: 1,
    xv: 0,
    yu: 0,
    yv: 1,
    x0: 0,
    y0: 0,
  };
  /** Pixels in a unit. */
  #unit = 1;

  /** @param size Its height and width in pixels. */
  constructor(size: number) {
    this.#size = size;
    this.#tones = new Float32Array(size * size);
    this.#spare = new Float32Array(size * size);
  }

  /** Fills the canvas with a tone that drifts into another. */
  clear(tone: number, generator: Generator): void {
    const size = this.#size;
    const angle = generator.uniform(0, 2 * Math.PI);
    const drift = generator.uniform(0, 60) / size;
    const dx = Math.cos(angle) * drift;
    const dy = Math.sin(angle) * drift;
    for (let y = 0, i = 0; y < size; y++) {
      for (let x = 0; x < size; x++, i++) {
        this.#tones[i] = tone + dx * (x - size / 2) + dy * (y - size / 2);
      }
    }
  }

  /** Puts the face's units where the following shapes are drawn. */
  place({ x, y, scale, roll, stretch }: Placement): void {
    const unit = scale * this.#size;
    const [cos, sin] = [Math.cos(roll), Math.sin(roll)];
    this.#unit = unit;
    this.#map.xu = unit * stretch * cos;
    this.#map.xv = -unit * sin;
    this.#map.yu = unit * stretch * sin;
    this.#map.yv = unit * cos;
    // Pixel centres lie at half coordinates.
    this.#map.x0 = this.#size * (0.5 + x) - 0.5;
    this.#map.y0 = this.#size * (0.5 + y) - 0.5;
    this.#map.ux = cos / (unit * stretch);
    this.#map.uy = sin / (unit * stretch);
    this.#map.vx = -sin / unit;
    this.#map.vy = cos / unit;
    this.#map.u0 = -this.#map.ux * this.#map.x0 - this.#map.uy * this.#map.y0;
    this.#map.v0 = -this.#map.vx * this.#map.x0 - this.#map.vy * this.#map.y0;
  }

  /** Paints a filled ellipse. */
  ellipse(x: number, y: number, width: number, height: number, tone: number): void {
    const edge = Math.min(width, height) * this.#unit;
    this.#paint(x - width, y - height, x + width, y + height, tone, 1, (u, v) => {
      const a = (u - x) / width;
      const b = (v - y) / height;
      return 0.5 + (1 - Math.sqrt(a * a + b * b)) * edge;
    });
  }

  /** Paints the outline of an ellipse, `thickness` to either side. */
  ring(
    x: number,
    y: number,
    width: number,
    height: number,
    thickness: number,
    tone: number,
  ): void {
    const edge = Math.min(width, height) * this.#unit;
    const half = thickness * this.#unit;
    const [w, h] = [width + thickness, height + thickness];
    this.#paint(x - w, y - h, x + w, y + h, tone, 1, (u, v) => {
      const a = (u - x) / width;
      const b = (v - y) / height;
      return 0.5 + half - Math.abs(1 - Math.sqrt(a * a + b * b)) * edge;
    });
  }

  /** Paints an ellipse that fades out from its middle. */
  shade(
    x: number,
    y: number,
    width: number,
    height: number,
    tone: number,
    opacity: number,
  ): void {
    this.#paint(x - width, y - height, x + width, y + height, tone, opacity, (u, v) => {
      const a = (u - x) / width;
      const b = (v - y) / height;
      const rest = Math.max(0, 1 - a * a - b * b);
      return rest * rest;
    });
  }

  /** Paints an eye: a white between two lids of which `half` is the height, and an iris in it. */
  eye(
    x: number,
    y: number,
    width: number,
    half: number,
    white: number,
    irisX: number,
    irisY: number,
    radius: number,
    iris: number,
  ): void {
    const unit = this.#unit;
    const opening = (u: number, v: number): number => {
      const a = (u - x) / width;
      return 0.5 + (half * (1 - a * a) - Math.abs(v - y)) * unit;
    };
    this.#paint(x - width, y - half, x + width, y + half, white, 1, opening);
    this.#paint(x - width, y - half, x + width, y + half, iris, 1, (u, v) => {
      const dx = u - irisX;
      const dy = v - irisY;
      return Math.min(opening(u, v), 0.5 + (radius - Math.sqrt(dx * dx + dy * dy)) * unit);
    });
  }

  /** Paints a mouth. */
  mouth(mouth: Mouth): void {
    const { left, right, leftY, rightY, upper, lower } = mouth;
    const unit = this.#unit;
    const middle = (left + right) / 2;
    const half = (right - left) / 2;
    const corners = (leftY + rightY) / 2;
    const lip = (u: number, height: number): number => {
      const a = (u - middle) / half;
      return corners + a * (rightY - leftY) / 2 + (height - corners) * (1 - a * a);
    };
    const top = Math.min(leftY, rightY, upper);
    const bottom = Math.max(leftY, rightY, lower);
    const inside = (u: number, v: number): number =>
      0.5 + Math.min(v - lip(u, upper), lip(u, lower) - v, u - left, right - u) * unit;
    this.#paint(left, top, right, bottom, mouth.inside, 1, inside);
    if (mouth.teeth > 0) {
      this.#paint(left, top, right, bottom, mouth.teeth, 0.9, (u, v) => {
        const edge = 0.55 * lip(u, upper) + 0.45 * lip(u, lower);
        return Math.min(inside(u, v), 0.5 + (edge - v) * unit);
      });
    }
    for (const height of [upper, lower]) {
      // A quadratic Bezier curve passes its middle half as far out as its control point.
      const control = 2 * height - corners;
      this.curve(left, leftY, middle, control, right, rightY, mouth.thickness, mouth.lip, 0.9);
    }
    if (lower - upper < 2 * mouth.thickness) {
      const control = upper + lower - corners;
      this.curve(left, leftY, middle, control, right, rightY, 0.016, mouth.line, 0.9);
    }
  }

  /** Paints a quadratic Bezier curve, `thickness` to either side. */
  curve(
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    x2: number,
    y2: number,
    thickness: number,
    tone: number,
    opacity: number,
  ): void {
    const points = this.#points;
    for (let k = 0; k <= CURVE_STEPS; k++) {
      const t = k / CURVE_STEPS;
      points[2 * k] = (1 - t) * (1 - t) * x0 + 2 * t * (1 - t) * x1 + t * t * x2;
      points[2 * k + 1] = (1 - t) * (1 - t) * y0 + 2 * t * (1 - t) * y1 + t * t * y2;
    }
    const unit = this.#unit;
    this.#paint(
      Math.min(x0, x1, x2) - thickness,
      Math.min(y0, y1, y2) - thickness,
      Math.max(x0, x1, x2) + thickness,
      Math.max(y0, y1, y2) + thickness,
      tone,
      opacity,
      (u, v) => {
        let nearest = Infinity;
        for (let k = 0; k < 2 * CURVE_STEPS; k += 2) {
          const dx = points[k + 2] - points[k];
          const dy = points[k + 3] - points[k + 1];
          const px = u - points[k];
          const py = v - points[k + 1];
          const t = Math.min(1, Math.max(0, (px * dx + py * dy) / (dx * dx + dy * dy + 1e-12)));
          const ex = px - t * dx;
          const ey = py - t * dy;
          nearest = Math.min(nearest, ex * ex + ey * ey);
        }
        return 0.5 + (thickness - Math.sqrt(nearest)) * unit;
      },
    );
  }

  /** Takes the photograph: light from one side, contrast, some blur, noise; 8 bits a pixel. */
  develop(pixels: Uint8Array, generator: Generator): void {
    const size = this.#size;
    const angle = generator.uniform(0, 2 * Math.PI);
    const light = generator.uniform(0, 0.8) / size;
    const dx = Math.cos(angle) * light;
    const dy = Math.sin(angle) * light;
    const contrast = generator.uniform(0.55, 1.15);
    const level = generator.uniform(90, 160);
    if (generator.random() < 0.5) this.#blur(generator.uniform(0.05, 0.3));
    const noise = generator.uniform(1, 14);
    const middle = (size - 1) / 2;
    for (let y = 0, i = 0; y < size; y++) {
      for (let x = 0; x < size; x++, i++) {
        const lit = this.#tones[i] * (1 + dx * (x - middle) + dy * (y - middle));
        // The sum of four bytes is near enough to a normal variable, of deviation 147.8.
        const bits = generator.uint32();
        const sum = (bits & 255) + (bits >>> 8 & 255) + (bits >>> 16 & 255) + (bits >>> 24) - 510;
        const tone = level + (lit - 125) * contrast + sum * (noise / 147.8);
        pixels[i] = Math.max(0, Math.min(255, Math.round(tone)));
      }
    }
  }

  /** Averages each pixel with its neighbours, which weigh `weight` each, across and then down. */
  #blur(weight: number): void {
    const size = this.#size;
    const centre = 1 - 2 * weight;
    let [from, to] = [this.#tones, this.#spare];
    for (const [along, across] of [[1, size], [size, 1]]) {
      for (let line = 0; line < size; line++) {
        for (let k = 0; k < size; k++) {
          const i = line * across + k * along;
          const before = k > 0 ? from[i - along] : from[i];
          const after = k < size - 1 ? from[i + along] : from[i];
          to[i] = centre * from[i] + weight * (before + after);
        }
      }
      [from, to] = [to, from];
    }
  }

  /** Lays a tone over the part of a box, in units, that `coverage` names, from 0 to 1. */
  #paint(
    left: number,
    top: number,
    right: number,
    bottom: number,
    tone: number,
    opacity: number,
    coverage: (u: number, v: number) => number,
  ): void {
    if (opacity <= 0) return;
    const last = this.#size - 1;
    const x = this.#map.x0 + this.#map.xu * (left + right) / 2 + this.#map.xv * (top + bottom) / 2;
    const y = this.#map.y0 + this.#map.yu * (left + right) / 2 + this.#map.yv * (top + bottom) / 2;
    const [halfWidth, halfHeight] = [(right - left) / 2, (bottom - top) / 2];
    // The box turned on the canvas, and a pixel more for its soft edge.
    const dx = Math.abs(this.#map.xu) * halfWidth + Math.abs(this.#map.xv) * halfHeight + 1;
    const dy = Math.abs(this.#map.yu) * halfWidth + Math.abs(this.#map.yv) * halfHeight + 1;
    const endX = Math.min(last, Math.floor(x + dx));
    const endY = Math.min(last, Math.floor(y + dy));
    for (let py = Math.max(0, Math.ceil(y - dy)); py <= endY; py++) {
      for (let px = Math.max(0, Math.ceil(x - dx)); px <= endX; px++) {
        const u = this.#map.ux * px + this.#map.uy * py + this.#map.u0;
        const v = this.#map.vx * px + this.#map.vy * py + this.#map.v0;
        const share = coverage(u, v);
        if (share <= 0) continue;
        const i = py * this.#size + px;
        this.#tones[i] += Math.min(1, share) * opacity * (tone - this.#tones[i]);
      }
    }
  }
}
