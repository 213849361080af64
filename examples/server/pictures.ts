/**
 * Pictures in a request: a JPEG, PNG or WebP as the body, or several as a form's files.
 *
 * @module
 */
import { decodeImage, type Image } from "../../mod.ts";
import { Problem } from "./problem.ts";

/** A picture. */
export interface Picture {
  /** Its file name; none where it is the body itself. */
  readonly name?: string;
  /** The file. */
  readonly bytes: Uint8Array;
}

/**
 * Finds the pictures in a request's body.
 *
 * @param body The body.
 * @param type Its `Content-Type`, if it has one.
 * @returns The pictures, at least one, not looked into yet.
 * @throws {Problem} 400 when there is none.
 */
export async function findPictures(
  body: Uint8Array<ArrayBuffer>,
  type: string | null,
): Promise<Picture[]> {
  if (!/^multipart\/form-data\b/i.test(type ?? "")) {
    if (body.length > 0) return [{ bytes: body }];
    throw new Problem(
      400,
      "Cannot recognize: expected a JPEG, PNG or WebP as the body, got nothing",
    );
  }
  const headers = { "content-type": type ?? "" };
  const form = await new Response(body, { headers }).formData().catch(() => {
    throw new Problem(400, "Cannot recognize: the body is no form as its Content-Type says");
  });
  const files = [...form.values()].filter((value) => value instanceof File);
  if (files.length === 0) {
    throw new Problem(
      400,
      "Cannot recognize: expected JPEG, PNG or WebP files in the form, got none",
    );
  }
  return await Promise.all(
    files.map(async (file) => ({ name: file.name, bytes: await file.bytes() })),
  );
}

/**
 * Decodes a picture.
 *
 * @param picture The picture.
 * @param maxMegapixels The most it may have, in millions of pixels.
 * @returns Its pixels.
 * @throws {Problem} 400 when it is no JPEG, PNG or WebP, or damaged; 413 when it has too many pixels.
 */
export async function decodePicture(picture: Picture, maxMegapixels: number): Promise<Image> {
  const { name = "the picture", bytes } = picture;
  try {
    return await decodeImage(bytes, { name, maxMegapixels });
  } catch (error) {
    // A picture without pixels is a RangeError too.
    const isLarge = error instanceof RangeError && error.message.includes("megapixels");
    if (isLarge) throw new Problem(413, error.message);
    if (error instanceof RangeError || error instanceof TypeError) {
      throw new Problem(400, error.message);
    }
    throw error;
  }
}
