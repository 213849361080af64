/**
 * One drawn face and the expression that it shows.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import type { Canvas } from "./canvas.ts";

/**
 * An expression as offsets from the face at rest, in the manner of Ekman and Friesen's action
 * units; heights count downwards, in units of half a face's width.
 */
interface Expression {
  /** The inner and outer ends of the brows, downwards. */
  readonly browInner: number;
  readonly browOuter: number;
  /** The brows' distance from the middle. */
  readonly browGap: number;
  /** Half the height of the open eye. */
  readonly eye: number;
  /** How far the corners of the mouth go up. */
  readonly smile: number;
  /** Half the mouth's width. */
  readonly width: number;
  /** How far the lips part. */
  readonly open: number;
  /** How far the upper lip is raised. */
  readonly sneer: number;
  /** The strength of the folds from nose to mouth, from 0 to 1. */
  readonly fold: number;
  /** How much of the teeth shows, from 0 to 1. */
  readonly teeth: number;
}

const REST: Expression = {
  browInner: 0,
  browOuter: 0,
  browGap: 0,
  eye: 0.1,
  smile: 0,
  width: 0.34,
  open: 0.01,
  sneer: 0,
  fold: 0.15,
  teeth: 0,
};

/** Each expression at its strongest, in label order. */
const EXPRESSIONS: readonly Expression[] = [
  // angry: brows down and together, hard eyes, lips pressed or teeth bared
  {
    browInner: 0.17,
    browOuter: -0.05,
    browGap: -0.07,
    eye: 0.085,
    smile: -0.07,
    width: 0.3,
    open: 0.05,
    sneer: 0.01,
    fold: 0.3,
    teeth: 0.6,
  },
  // disgust: narrow eyes, raised upper lip, deep folds
  {
    browInner: 0.11,
    browOuter: 0.05,
    browGap: -0.04,
    eye: 0.045,
    smile: -0.06,
    width: 0.31,
    open: 0.07,
    sneer: 0.11,
    fold: 1,
    teeth: 0.4,
  },
  // fear: brows up and together, wide eyes, mouth drawn wide
  {
    browInner: -0.17,
    browOuter: -0.05,
    browGap: -0.05,
    eye: 0.17,
    smile: -0.05,
    width: 0.38,
    open: 0.13,
    sneer: 0,
    fold: 0.1,
    teeth: 0.5,
  },
  // happy: corners up, cheeks up, teeth
  {
    browInner: -0.02,
    browOuter: -0.02,
    browGap: 0.01,
    eye: 0.075,
    smile: 0.16,
    width: 0.46,
    open: 0.12,
    sneer: 0,
    fold: 0.75,
    teeth: 0.9,
  },
  // sad: inner brows up, lids low, corners down
  {
    browInner: -0.15,
    browOuter: 0.06,
    browGap: -0.04,
    eye: 0.07,
    smile: -0.14,
    width: 0.3,
    open: 0,
    sneer: 0,
    fold: 0.3,
    teeth: 0,
  },
  // surprise: brows high, wide eyes, jaw dropped
  {
    browInner: -0.19,
    browOuter: -0.19,
    browGap: 0.02,
    eye: 0.175,
    smile: 0,
    width: 0.24,
    open: 0.3,
    sneer: 0,
    fold: 0,
    teeth: 0.1,
  },
  REST,
];

/** An expression between rest and its strongest, blurred by what differs between people. */
function pose(label: number, generator: Generator): Expression {
  const strength = 0.35 + 0.75 * generator.beta(2, 1.3);
  const strongest = EXPRESSIONS[label];
  const mix = (name: keyof Expression, spread: number): number =>
    REST[name] + strength * (strongest[name] - REST[name]) + spread * generator.normal();
  return {
    browInner: mix("browInner", 0.035),
    browOuter: mix("browOuter", 0.03),
    browGap: mix("browGap", 0.025),
    eye: Math.max(0.015, mix("eye", 0.018)),
    smile: mix("smile", 0.035),
    width: Math.max(0.16, mix("width", 0.03)),
    open: Math.max(0, mix("open", 0.022)),
    sneer: Math.max(0, mix("sneer", 0.015)),
    fold: Math.min(1, Math.max(0, mix("fold", 0.12))),
    teeth: generator.random() < mix("teeth", 0) ? 1 : 0,
  };
}

/**
 * Draws one face, from the background to the glasses.
 *
 * @param canvas What to draw on; nothing of it is kept.
 * @param label The expression, as an index into the seven.
 * @param generator Where all that varies is drawn from.
 */
export function drawFace(canvas: Canvas, label: number, generator: Generator): void {
  const face = pose(label, generator);
  const draw = (low: number, high: number): number => generator.uniform(low, high);
  const skin = draw(95, 205);
  const dark = skin * draw(0.2, 0.45);
  const hair = draw(15, 150);
  const turn = 0.16 * generator.normal();

  canvas.clear(draw(20, 235), generator);
  canvas.place({
    x: draw(-0.06, 0.06),
    y: draw(-0.06, 0.06),
    scale: draw(0.36, 0.46),
    roll: 0.09 * generator.normal(),
    stretch: draw(0.9, 1.1),
  });

  // Neck, hair behind the head, ears, head.
  canvas.ellipse(0, 1.35, 0.55, 0.6, skin * 0.8);
  const long = generator.random() < 0.4;
  if (generator.random() < 0.85) {
    canvas.ellipse(-0.05 * turn, -0.28, draw(1.02, 1.15), draw(0.98, 1.18), hair);
    if (long) canvas.ellipse(0, 0.4, draw(1, 1.2), draw(0.9, 1.2), hair);
  }
  canvas.ellipse(-0.93 - 0.3 * turn, 0.05, 0.12, 0.2, skin * 0.88);
  canvas.ellipse(0.93 - 0.3 * turn, 0.05, 0.12, 0.2, skin * 0.88);
  canvas.ellipse(0, 0, 0.92, draw(1.12, 1.28), skin);
  const jaw = Math.max(0, face.open - 0.05) * 0.5;
  canvas.ellipse(0, 0.55 + jaw, draw(0.62, 0.76), 0.68, skin);
  const cheek = 0.1 + Math.max(0, face.smile);
  canvas.shade(-0.5 + turn, 0.34, 0.3, 0.2, 255, cheek);
  canvas.shade(0.5 + turn, 0.34, 0.3, 0.2, 255, cheek);
  canvas.shade(0, -0.75, 0.7, 0.35, 255, draw(0, 0.15));
  if (generator.random() < 0.6) {
    const fringe = draw(-1.15, -0.85);
    canvas.ellipse(draw(-0.3, 0.3), fringe, draw(0.6, 0.95), draw(0.2, 0.4), hair);
  }

  // The turned head: features shift to one side, and the far half grows narrower.
  const across = (x: number): number => turn + x * (1 - 0.35 * turn * Math.sign(x));
  const line = (
    thickness: number,
    tone: number,
    opacity: number,
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    x2: number,
    y2: number,
  ): void => canvas.curve(across(x0), y0, across(x1), y1, across(x2), y2, thickness, tone, opacity);

  // Beard and moustache.
  if (generator.random() < 0.18) {
    canvas.shade(turn, 0.85, 0.62, 0.4, hair, draw(0.3, 0.8));
    canvas.shade(turn, 0.4, 0.35, 0.13, hair, draw(0.3, 0.8));
  }

  const eyeX = draw(0.36, 0.44);
  const eyeY = draw(-0.2, -0.1);
  const eyeWidth = draw(0.17, 0.22);
  const browY = eyeY - draw(0.25, 0.33);
  const browTone = (hair + dark) * 0.5 * draw(0.6, 1);
  const browWidth = draw(0.035, 0.065);
  const gazeX = draw(-0.06, 0.06);
  const gazeY = draw(-0.02, 0.02);
  const white = Math.min(245, skin * draw(1.1, 1.4) + 25);
  const iris = draw(0.25, 0.6) * dark + 5;
  for (const side of [-1, 1]) {
    const lopsided = 1 + 0.08 * generator.normal();
    const x = side * eyeX;
    const half = face.eye * lopsided;
    // The socket, the white, the iris under the lids, the lids.
    canvas.shade(across(x), eyeY - 0.05, 0.28, 0.2, 0, draw(0.08, 0.25));
    canvas.eye(
      across(x),
      eyeY,
      eyeWidth,
      half,
      white,
      across(x) + gazeX,
      eyeY + gazeY,
      0.1,
      iris,
    );
    line(0.03, dark, 0.9, x - eyeWidth, eyeY, x, eyeY - 2 * half, x + eyeWidth, eyeY);
    line(0.014, dark, 0.5, x - eyeWidth, eyeY, x, eyeY + 2 * half, x + eyeWidth, eyeY);
    line(
      browWidth,
      browTone,
      0.9,
      side * (0.17 + face.browGap),
      browY + face.browInner + 0.03 * generator.normal(),
      x,
      browY - 0.06 + 0.4 * face.browInner + 0.6 * face.browOuter,
      side * (eyeX + 0.28),
      browY + 0.05 + face.browOuter + 0.02 * generator.normal(),
    );
  }
  // The crease between brows that are drawn together.
  if (face.browGap < -0.02) {
    line(0.015, dark, 0.4, -0.05, browY + 0.02, -0.04, browY + 0.1, -0.05, browY + 0.2);
    line(0.015, dark, 0.4, 0.05, browY + 0.02, 0.04, browY + 0.1, 0.05, browY + 0.2);
  }

  // Nose and the folds beside it.
  const noseY = 0.24 - 0.3 * face.sneer;
  canvas.shade(across(0.06), noseY - 0.2, 0.07, 0.28, 255 * Number(turn > 0), draw(0, 0.2));
  line(0.022, dark, 0.65, -0.13, noseY - 0.02, 0, noseY + 0.09, 0.13, noseY - 0.02);
  const mouthY = draw(0.56, 0.64);
  const foldX = face.width + 0.08;
  for (const side of [-1, 1]) {
    line(
      0.022,
      dark,
      0.55 * face.fold,
      side * 0.19,
      noseY - 0.02,
      side * (foldX + 0.02),
      noseY + 0.08,
      side * foldX,
      mouthY - face.smile + 0.02,
    );
  }

  // The mouth: corners at the sides, two lips that part in the middle.
  const corner = mouthY - face.smile;
  const upper = mouthY - 0.3 * face.open - face.sneer + 0.35 * face.smile;
  const lower = mouthY + 0.9 * face.open + 0.5 * face.smile;
  canvas.mouth({
    left: across(-face.width),
    right: across(face.width),
    leftY: corner + 0.03 * generator.normal(),
    rightY: corner + 0.03 * generator.normal(),
    upper,
    lower: Math.max(lower, upper + 0.01),
    inside: dark * 0.45,
    teeth: face.teeth * Math.min(235, skin + 70),
    lip: skin * draw(0.55, 0.8),
    thickness: draw(0.03, 0.055),
    line: dark,
  });

  // Glasses.
  if (generator.random() < 0.15) {
    const tone = draw(10, 90);
    const rim = draw(0.24, 0.3);
    canvas.ring(across(-eyeX), eyeY + 0.02, rim, rim * 0.85, 0.025, tone);
    canvas.ring(across(eyeX), eyeY + 0.02, rim, rim * 0.85, 0.025, tone);
    line(0.02, tone, 1, -eyeX + rim, eyeY, 0, eyeY - 0.04, eyeX - rim, eyeY);
  }
  // A hand or scarf in front, now and then.
  if (generator.random() < 0.06) {
    canvas.ellipse(draw(-1, 1), draw(0.5, 1.2), draw(0.25, 0.5), draw(0.2, 0.4), draw(40, 200));
  }
}
