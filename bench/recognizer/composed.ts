/**
 * Pictures with a face of FER-2013 at a known place, size and angle.
 *
 * @module
 */
import type { FaceCrop } from "../../src/recognizer/face.ts";
import { Generator } from "../../src/random.ts";
import type { Image } from "../../src/transforms.ts";

/** The pictures' size. */
export const PICTURE = { width: 640, height: 480 } as const;

/** A picture, and the square in it that is the face's own image. */
export interface ComposedPicture {
  /** RGB. */
  readonly image: Image;
  /** Where the face's image lies. */
  readonly truth: FaceCrop;
}

/** Where the face's image goes. */
export interface Placement {
  /** The smallest and the largest side, in pixels of the picture. */
  readonly side: readonly [from: number, to: number];
  /** The most that it is turned either way, in degrees. */
  readonly angle: number;
  /** Which part of the square lies beyond the picture's left or right edge; 0 by default. */
  readonly outside?: number;
}

/** The value between four pixels; beyond the edge the outermost go on. */
function sample({ data, width, height }: Image, x: number, y: number): number {
  const [u, v] = [Math.min(Math.max(x, 0), width - 1), Math.min(Math.max(y, 0), height - 1)];
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const above = data[top * width + left] * (1 - u + left) + data[top * width + right] * (u - left);
  const below = data[bottom * width + left] * (1 - u + left) +
    data[bottom * width + right] * (u - left);
  return above * (1 - v + top) + below * (v - top);
}

/**
 * Puts a face into a grey picture. Around its square the face's outermost pixels go on and fade
 * into the background, since a hard edge would be the most striking thing in the picture.
 *
 * @param face A face's image, grey and square.
 * @param placement Where it goes.
 * @param seed What the place depends on...
 * @param index ...and the face's number.
 * @returns The picture.
 */
export function compose(
  face: Image,
  { side, angle, outside = 0 }: Placement,
  seed: number,
  index: number,
): ComposedPicture {
  const { width, height } = PICTURE;
  const random = new Generator(seed, index);
  const size = random.uniform(side[0], side[1]);
  const rotation = random.uniform(-angle, angle);
  const half = size / 2;
  const y = random.uniform(half, height - half);
  const inside = random.uniform(half, width - half);
  const atEdge = half - outside * size;
  const x = outside === 0 ? inside : random.random() < 0.5 ? atEdge : width - atEdge;
  const background = random.uniform(60, 200);
  const [cos, sin] = [Math.cos(rotation * Math.PI / 180), Math.sin(rotation * Math.PI / 180)];
  const scale = face.width / size;
  const data = new Uint8Array(width * height * 3).fill(background);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [dx, dy] = [column + 0.5 - x, row + 0.5 - y];
      // In sides of the square, from its middle.
      const u = (dx * cos + dy * sin) / size;
      const v = (dy * cos - dx * sin) / size;
      const beyond = Math.max(Math.abs(u), Math.abs(v)) - 0.5;
      if (beyond > 0.5) continue;
      const level = sample(
        face,
        (u + 0.5) * size * scale - 0.5,
        (v + 0.5) * size * scale - 0.5,
      );
      const share = beyond <= 0 ? 1 : 1 - beyond / 0.5;
      const at = (row * width + column) * 3;
      data[at] = data[at + 1] = data[at + 2] = Math.round(
        level * share + background * (1 - share),
      );
    }
  }
  return { image: { data, width, height }, truth: { x, y, size, rotation } };
}
