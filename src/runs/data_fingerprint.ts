/**
 * What a run was trained on, in a few words: enough to tell that other data came to go on with.
 *
 * @module
 */
import type { FerDataset } from "../data/dataset.ts";

/** What images of one split come to. All values are JSON. */
export interface SplitFingerprint {
  /** The number of images. */
  readonly images: number;
  /** A hash of all pixels, image by image. */
  readonly pixels: string;
  /** The same in any order of the images. */
  readonly anyOrder: string;
  /** A hash of the labels. */
  readonly labels: string;
  /** A hash of what people voted for, soft labels included; null where there is none. */
  readonly votes: string | null;
}

/** What a run's data come to. All values are JSON. */
export interface DataFingerprint {
  /** The class names in label order. */
  readonly classes: readonly string[];
  /** Height and width of the images. */
  readonly size: number;
  /** What is trained on. */
  readonly training: SplitFingerprint;
  /** What is validated on. */
  readonly validation: SplitFingerprint;
}

/** Two multiplicative hashes side by side, 64 bits. */
class Hash {
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;

  add(word: number): void {
    this.#high = Math.imul(this.#high ^ word, 0x01000193);
    this.#high ^= this.#high >>> 15;
    this.#low = Math.imul(this.#low ^ word, 0xc2b2ae35);
    this.#low ^= this.#low >>> 13;
  }

  addBytes(bytes: Uint8Array): void {
    const whole = bytes.length & ~3;
    for (let i = 0; i < whole; i += 4) {
      this.add(bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | bytes[i + 3] << 24);
    }
    for (let i = whole; i < bytes.length; i++) this.add(bytes[i]);
    this.add(bytes.length);
  }

  get words(): readonly [high: number, low: number] {
    return [this.#high >>> 0, this.#low >>> 0];
  }

  get hex(): string {
    return this.words.map((word) => word.toString(16).padStart(8, "0")).join("");
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function splitFingerprint(split: FerDataset): SplitFingerprint {
  const inOrder = new Hash();
  let [sumHigh, sumLow] = [0, 0];
  for (let i = 0; i < split.length; i++) {
    const one = new Hash();
    one.addBytes(split.image(i).data as Uint8Array);
    const [high, low] = one.words;
    inOrder.add(high);
    inOrder.add(low);
    sumHigh = sumHigh + high >>> 0;
    sumLow = sumLow + low >>> 0;
  }
  const anyOrder = new Hash();
  anyOrder.add(sumHigh);
  anyOrder.add(sumLow);
  const labels = new Hash();
  labels.addBytes(bytesOf(split.labels));
  const votes = new Hash();
  const voted = [split.softLabels, split.votes].filter((each) => each !== undefined);
  for (const each of voted) votes.addBytes(bytesOf(each));
  return {
    images: split.length,
    pixels: inOrder.hex,
    anyOrder: anyOrder.hex,
    labels: labels.hex,
    votes: voted.length > 0 ? votes.hex : null,
  };
}

/**
 * What data come to.
 *
 * @param training What is trained on.
 * @param validation What is validated on.
 */
export function dataFingerprint(training: FerDataset, validation: FerDataset): DataFingerprint {
  return {
    classes: training.classes,
    size: training.size,
    training: splitFingerprint(training),
    validation: splitFingerprint(validation),
  };
}

/**
 * How data differ from those that a run began with.
 *
 * @param before What `config.json` says; a run of an older version says less, or nothing.
 * @param now What there is.
 * @returns For instance `classes calm, glad, mad, now calm, glad`; null when nothing differs.
 */
export function dataDifference(
  before: Partial<DataFingerprint>,
  now: DataFingerprint,
): string | null {
  const { classes = now.classes, size = now.size } = before;
  if (JSON.stringify(classes) !== JSON.stringify(now.classes)) {
    return `classes ${classes.join(", ")}, now ${now.classes.join(", ")}`;
  }
  if (size !== now.size) return `images of ${size}x${size}, now ${now.size}x${now.size}`;
  for (const name of ["training", "validation"] as const) {
    const [then, here] = [before[name] ?? now[name], now[name]];
    if (then.images !== here.images) {
      return `${count(then.images)} ${name} images, now ${count(here.images)}`;
    }
    if (then.pixels !== here.pixels) {
      return then.anyOrder === here.anyOrder
        ? `the ${count(here.images)} ${name} images are in another order`
        : `the ${count(here.images)} ${name} images have other pixels`;
    }
    if (then.labels !== here.labels) {
      return `the ${count(here.images)} ${name} images have other labels`;
    }
    if (then.votes !== here.votes) {
      const what = then.votes === null
        ? "votes, and had none"
        : here.votes === null
        ? "no votes any more"
        : "other votes";
      return `the ${count(here.images)} ${name} images have ${what}`;
    }
  }
  return null;
}

function count(n: number): string {
  return n.toLocaleString("en-US");
}
