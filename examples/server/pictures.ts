/**
 * Pictures in a request: a JPEG, PNG or WebP as the body, several as a form's files, or base64.
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
    if (body.length > 0) return picturesInText(body) ?? [{ bytes: body }];
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
    const texts = [...form].flatMap(([name, value]) =>
      typeof value === "string" && isBase64(value) ? [{ name, bytes: fromBase64(value, name) }] : []
    );
    if (texts.length > 0) return texts;
    throw new Problem(
      400,
      "Cannot recognize: expected JPEG, PNG or WebP files in the form, got none",
    );
  }
  return await Promise.all(
    files.map(async (file) => ({ name: file.name, bytes: await file.bytes() })),
  );
}

/** Nothing but base64, of a few bytes at least, or a data: URL of that. */
function isBase64(text: string): boolean {
  return /^\s*(?:data:[^,]{0,200},\s*)?[\w+/-][\w+/\s-]{14,}={0,2}\s*$/i.test(text);
}

function fromBase64(text: string, name: string): Uint8Array<ArrayBuffer> {
  const [, url, data] = /^\s*(data:[^,]{0,200},)?([^]*)$/i.exec(text) ?? [];
  try {
    if (url !== undefined && !/;\s*base64,$/i.test(url)) throw new SyntaxError("no base64");
    const alphabet = /[-_]/.test(data) ? "base64url" : "base64";
    return Uint8Array.fromBase64(data, { alphabet });
  } catch {
    throw new Problem(400, `Cannot recognize ${name}: expected base64 or a data: URL of base64`);
  }
}

/** The pictures in a body of text: base64, a data: URL, JSON or a form's fields with such. */
function picturesInText(body: Uint8Array<ArrayBuffer>): Picture[] | null {
  // JPEG and PNG, and whatever else is no text, begin with a byte that no text begins with.
  const first = body.find((byte) => byte > 0x20) ?? 0;
  if (first > 0x7e) return null;
  const text = new TextDecoder().decode(body).replace(/^\ufeff/, "");
  if (/^\s*[{[]/.test(text)) return picturesInJson(text);
  if (isBase64(text)) return [{ bytes: fromBase64(text, "the body") }];
  if (!/^\w{1,40}=/.test(text)) return null;
  const fields = [...new URLSearchParams(text.replaceAll("+", "%2B"))];
  const pictures = fields.flatMap(([name, value]) =>
    isBase64(value) ? [{ name, bytes: fromBase64(value, name) }] : []
  );
  if (pictures.length > 0) return pictures;
  throw new Problem(
    400,
    "Cannot recognize: expected base64 in a field of the form, or files as multipart/form-data",
  );
}

const JSON_EXPECTED =
  'expected {"image": BASE64} or {"images": [BASE64, ...]}, or the bytes of a file as the body';

function picturesInJson(text: string): Picture[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Problem(400, `Cannot recognize: the body is no JSON; ${JSON_EXPECTED}`);
  }
  const { image, images } = (json ?? {}) as { readonly image?: unknown; readonly images?: unknown };
  const values = image !== undefined ? [image] : images;
  const isList = Array.isArray(values) && values.length > 0 &&
    values.every((value) => typeof value === "string");
  if (!isList) throw new Problem(400, `Cannot recognize: the body is JSON; ${JSON_EXPECTED}`);
  return values.map((value: string, i) => {
    const name = image !== undefined ? "image" : `images[${i}]`;
    if (/^\s*(?:https?|file|blob):/i.test(value)) {
      throw new Problem(
        400,
        `Cannot recognize ${name}: the server fetches nothing; send the bytes`,
      );
    }
    return { name, bytes: fromBase64(value, name) };
  });
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
