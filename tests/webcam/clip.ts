/**
 * Clips and pictures of drawn faces, for a camera that is none.
 *
 * @module
 */
import { drawnFaces, encodePng, type Image } from "../../mod.ts";
import { resize } from "../../src/transforms.ts";

/** Grey around the face. */
const BACKGROUND = 110;
/** The face's width and height in the picture, in pixels. */
const FACE = 240;

/** Faces of which the detector is sure, one of each expression. */
const FACES = drawnFaces(42, 7);

/** What a grey picture shows. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** Which drawn faces, and where their left upper corners are. */
  readonly faces: readonly { readonly index: number; readonly x: number; readonly y: number }[];
}

/**
 * Draws a scene.
 *
 * @param scene What it shows.
 * @returns Grey pixels.
 */
export function drawScene({ width, height, faces }: Scene): Image {
  const data = new Uint8Array(width * height).fill(BACKGROUND);
  for (const { index, x, y } of faces) {
    const face = resize(FACES.image(index), FACE, FACE);
    for (let row = 0; row < FACE; row++) {
      data.set(face.data.subarray(row * FACE, (row + 1) * FACE), (y + row) * width + x);
    }
  }
  return { data, width, height };
}

/**
 * A picture file.
 *
 * @param scene What it shows.
 * @returns The bytes of a PNG file.
 */
export async function pictureFile(scene: Scene): Promise<Uint8Array> {
  return await encodePng(drawScene(scene));
}

/**
 * A clip as Chromium's fake camera plays it, over and over: YUV4MPEG2, whose frames are bare planes.
 *
 * @param frames Grey pictures of one size, even in width and height.
 * @param rate Frames a second.
 * @returns The file's bytes.
 */
export function clipFile(frames: readonly Image[], rate: number): Uint8Array {
  const [{ width, height }] = frames;
  const encoder = new TextEncoder();
  const header = encoder.encode(`YUV4MPEG2 W${width} H${height} F${rate}:1 Ip A1:1 C420mpeg2\n`);
  const mark = encoder.encode("FRAME\n");
  const area = width * height;
  const size = mark.length + area + area / 2;
  const file = new Uint8Array(header.length + frames.length * size);
  file.set(header);
  frames.forEach(({ data }, i) => {
    const at = header.length + i * size;
    file.set(mark, at);
    // Video has black at 16 and white at 235.
    file.set(data.map((grey) => 16 + grey * 219 / 255), at + mark.length);
    file.fill(128, at + mark.length + area, at + size);
  });
  return file;
}

/**
 * A clip of one face that moves to and fro.
 *
 * @param frames How many frames.
 * @returns The file's bytes.
 */
export function movingFace(frames = 20): Uint8Array {
  const scenes = Array.from({ length: frames }, (_, i) => {
    const x = Math.round(200 + 60 * Math.sin(2 * Math.PI * i / frames));
    return drawScene({ width: 640, height: 480, faces: [{ index: 14, x, y: 120 }] });
  });
  return clipFile(scenes, 10);
}
