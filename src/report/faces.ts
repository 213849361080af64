/**
 * Photographs with what the network says of them, and where it looks.
 *
 * @module
 */
import { colourStops } from "../explain/colour_map.ts";
import { OVERLAY_ALPHA } from "../explain/overlay.ts";
import type { Image } from "../transforms/transform.ts";
import { type Content, Html, html } from "./html.ts";
import { pngUri } from "./png.ts";
import type { Predictions } from "./predictions.ts";
import { type Cell, table } from "./section.ts";
import { count } from "./wording.ts";

/** A face that the report shows. */
export interface ShownFace {
  /** Its place in the data set, from 0. */
  readonly index: number;
  /** The label of its class. */
  readonly truth: number;
  /** The class that it was taken for. */
  readonly guess: number;
  /** The probability of that class. */
  readonly confidence: number;
}

/**
 * Lays over each of a few faces of the data set, in its size, what speaks for the class that it was
 * taken for.
 */
export type Explainer = (faces: readonly ShownFace[]) => Promise<readonly Image[]>;

/** The colours of the overlays, over grey, from nothing to the most. */
const RAMP = colourStops("viridis")
  .map((colour, i, { length }) => {
    const cover = Math.round(OVERLAY_ALPHA * 255 * i / (length - 1));
    return `${colour}${cover.toString(16).padStart(2, "0")}`;
  })
  .join(", ");

/** What the pictures beside the faces mean. */
const LEGEND = html`
  <div class="legend">
    <p>Beside each face, Grad-CAM: where the network sees what it
  takes the face for. A map tells where, not how much, and is as coarse as the last convolution; where
  a face stays grey, no place speaks for that class.</p>
    <p
      class="ramp"><span>nothing</span><i style="background-image: linear-gradient(to right, ${new Html(
        RAMP,
      )})"></i><span>most</span></p>
  </div>
`;

/** How a section shows its faces. */
export interface FaceDisplay<Face extends ShownFace> {
  /** Whether to show the images; otherwise they are listed. */
  readonly photos: boolean;
  /** What to show beside each image, if anything. */
  readonly explain: Explainer | null;
  /** What stands below an image. */
  readonly caption: (face: Face) => Content;
  /** The columns of the list. */
  readonly head: readonly Cell[];
  /** A face in the list. */
  readonly row: (face: Face) => readonly Cell[];
}

/**
 * Shows faces, or lists them where photographs are to be left out.
 *
 * @param faces Which.
 * @param predictions The data set that they are in.
 * @param display How.
 */
export async function showFaces<Face extends ShownFace>(
  faces: readonly Face[],
  predictions: Predictions,
  { photos, explain, caption, head, row }: FaceDisplay<Face>,
): Promise<Html> {
  if (photos) return await faceList(faces, predictions, explain, caption);
  return table(
    "Photographs were left out of this report; images count from 1 in the validation data",
    head,
    faces.map(row),
  );
}

/** Faces side by side, after what explains their overlays. */
async function faceList<Face extends ShownFace>(
  faces: readonly Face[],
  { dataset }: Predictions,
  explain: Explainer | null,
  caption: (face: Face) => Content,
): Promise<Html> {
  const { classes } = dataset;
  const overlays = await explain?.(faces);
  const picture = async (image: Image, alt: string) =>
    html`<img src="${await pngUri(image)}" alt="${alt}" width="96" height="96">`;
  const items = await Promise.all(faces.map(async (face, at) => {
    const [truth, guess] = [classes[face.truth], classes[face.guess]];
    const taken = truth === guess ? "" : `, taken for ${guess}`;
    const overlay = overlays && await picture(overlays[at], `What speaks for ${guess} in it`);
    return html`
      <li>
        <figure>
          <div class="pictures">${await picture(
            dataset.image(face.index),
            `Face labelled ${truth}${taken}`,
          )}${overlay}</div>
          <figcaption>${caption(face)} <small>image ${count(face.index + 1)}</small></figcaption>
        </figure>
      </li>
    `;
  }));
  return html`${overlays && LEGEND}<ul class="photos${overlays ? " explained" : ""}">${items}</ul>`;
}
