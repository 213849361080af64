/**
 * The constants of the domain, each in this one place.
 *
 * @module
 */

/**
 * The seven classes of FER-2013 in label order: index 0 is `angry`, index 6 is `neutral`.
 *
 * Source: Goodfellow et al., "Challenges in Representation Learning", 2013.
 */
export const EMOTIONS = [
  "angry",
  "disgust",
  "fear",
  "happy",
  "sad",
  "surprise",
  "neutral",
] as const;

/** One of the seven class names in {@linkcode EMOTIONS}. */
export type Emotion = typeof EMOTIONS[number];

/**
 * The eight classes that the voters of FER+ chose from: the seven of FER-2013, then contempt.
 *
 * Source: Barsoum et al., "Training Deep Networks for Facial Expression Recognition with
 * Crowd-Sourced Label Distribution", 2016.
 */
export const FERPLUS_CLASSES = [...EMOTIONS, "contempt"] as const;

/** Height and width of a FER-2013 face, in pixels. */
export const IMAGE_SIZE = 48;

/** Mean that is subtracted from pixels scaled to [0, 1]. */
export const PIXEL_MEAN = 0.5;

/** Deviation by which pixels are divided after the mean is subtracted: the network sees [-1, 1]. */
export const PIXEL_STD = 0.5;
