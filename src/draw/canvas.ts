/**
 * A picture to draw rectangles into.
 *
 * @module
 */
import { channelsOf, type Image } from "../transforms/transform.ts";

/** Red, green and blue, from 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** An RGB picture that can be drawn into. */
export class Canvas implements Image {
  /** Three bytes a pixel. */
  readonly data: Uint8Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;

  /**
   * @param width In pixels.
   * @param height In pixels.
   * @param data Three bytes a pixel, drawn into; black when left out.
   */
  constructor(
    width: number,
    height: number,
    data: Uint8Array = new Uint8Array(3 * width * height),
  ) {
    this.width = width;
    this.height = height;
    this.data = data;
  }

  /**
   * A copy of a picture in colour; what is transparent is black.
   *
   * @param image Grey, RGB or RGBA.
   */
  static of(image: Image): Canvas {
    const channels = channelsOf(image);
    const { width, height, data } = image;
    const canvas = new Canvas(width, height);
    for (let i = 0; i < width * height; i++) {
      const cover = channels === 4 ? data[4 * i + 3] / 255 : 1;
      for (let c = 0; c < 3; c++) {
        canvas.data[3 * i + c] = cover * data[channels * i + (channels === 1 ? 0 : c)];
      }
    }
    return canvas;
  }

  /**
   * Fills a rectangle, as far as it is in the picture.
   *
   * @param x Its left edge, in pixels.
   * @param y Its upper edge.
   * @param width Its width.
   * @param height Its height.
   * @param colour What with.
   */
  fill(x: number, y: number, width: number, height: number, colour: Colour): void {
    const [left, right] = [Math.max(0, x), Math.min(this.width, x + width)];
    const bottom = Math.min(this.height, y + height);
    for (let row = Math.max(0, y); row < bottom; row++) {
      for (let column = left; column < right; column++) {
        this.data.set(colour, 3 * (row * this.width + column));
      }
    }
  }

  /**
   * Draws a rectangle's frame, inwards from its edges.
   *
   * @param x Its left edge, in pixels.
   * @param y Its upper edge.
   * @param width Its width.
   * @param height Its height.
   * @param thickness Of the frame.
   * @param colour What with.
   */
  frame(
    x: number,
    y: number,
    width: number,
    height: number,
    thickness: number,
    colour: Colour,
  ): void {
    this.fill(x, y, width, thickness, colour);
    this.fill(x, y + height - thickness, width, thickness, colour);
    this.fill(x, y, thickness, height, colour);
    this.fill(x + width - thickness, y, thickness, height, colour);
  }
}
