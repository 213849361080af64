/**
 * What recognizing tells besides.
 *
 * @module
 */
import type { TestTimeAugmentation } from "../predict.ts";

/** What `FerRecognizer.recognize()` tells besides. */
export interface RecognizeOptions {
  /**
   * Whether to tell what in each face speaks for its likeliest class: `RecognizedFace.map`.
   *
   * @default {false}
   */
  readonly gradCam?: boolean;
  /**
   * Whether to tell the expression also of faces that are too poor.
   *
   * @default {false}
   */
  readonly anyQuality?: boolean;
  /**
   * Test-time augmentation, as `predict()` has it: the expression is told a little better, and the
   * network looks at up to six views of each face in place of one.
   *
   * @default {false}
   */
  readonly tta?: boolean | TestTimeAugmentation;
}
