/**
 * The pictures of a folder, and what is known of them.
 *
 * @module
 */
import { type Emotion, EMOTIONS } from "../../src/emotions.ts";

/** A picture's file. */
export interface Picture {
  /** Its path in the folder, with slashes. */
  readonly name: string;
  /** The expression that a folder on its way names. */
  readonly label: Emotion | null;
}

/** A face that is known to be in a picture. */
export interface KnownFace {
  /** Left, upper edge, width, height, in pixels. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  /** Whether it counts neither as missed nor as found, nor what lies there as false. */
  readonly invalid: boolean;
}

/** The known faces of pictures, by the picture's path or file name. */
export type KnownFaces = ReadonlyMap<string, readonly KnownFace[]>;

/** What networks and folders call the classes, beside our names. */
const SYNONYMS: Readonly<Record<string, Emotion>> = {
  anger: "angry",
  disgusted: "disgust",
  fearful: "fear",
  afraid: "fear",
  happiness: "happy",
  joy: "happy",
  sadness: "sad",
  surprised: "surprise",
};

/** The class that a word names; null where it names none. */
export function emotionOf(word: string): Emotion | null {
  const lower = word.toLowerCase();
  return EMOTIONS.find((each) => each === lower) ??
    (Object.hasOwn(SYNONYMS, lower) ? SYNONYMS[lower] : null);
}

/**
 * Finds the JPEG and PNG files of a folder and the folders in it.
 *
 * @param folder The folder.
 * @returns The pictures in the order of their names.
 * @throws {RangeError} When there is none.
 */
export async function findPictures(folder: string): Promise<Picture[]> {
  const found: Picture[] = [];
  const walk = async (path: string, label: Emotion | null): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(`${folder}/${path}`)) {
      if (name.startsWith(".")) continue;
      if (isDirectory) await walk(`${path}${name}/`, emotionOf(name) ?? label);
      else if (/\.(?:jpe?g|png)$/i.test(name)) found.push({ name: `${path}${name}`, label });
    }
  };
  await walk("", null);
  if (found.length === 0) {
    throw new RangeError(`Cannot measure ${folder}: there is no JPEG or PNG file in it`);
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * Reads the file that says where faces are: `{"party.jpg": [{"box": [x, y, width, height],
 * "invalid": false}]}`. What else it says of a face is left aside.
 *
 * @param text The file's text.
 * @param name The file's name, for messages.
 * @returns The faces.
 * @throws {SyntaxError} When it is no JSON.
 * @throws {TypeError} When it has another form.
 */
export function parseBoxes(text: string, name: string): KnownFaces {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot read ${name}: ${(cause as Error).message}`, { cause });
  }
  const fail = (why: string): never => {
    throw new TypeError(`Cannot read ${name}: ${why}`);
  };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail("expected an object of pictures and their faces");
  }
  return new Map(
    Object.entries(value).map(([picture, faces]) => {
      if (!Array.isArray(faces)) return fail(`${picture} has no list of faces`);
      return [
        picture,
        faces.map((face, i) => {
          const { box, invalid = false } = face ?? {};
          const isBox = Array.isArray(box) && box.length === 4 && box.every(Number.isFinite);
          if (!isBox || typeof invalid !== "boolean") {
            return fail(
              `face ${i + 1} of ${picture} is ${JSON.stringify(face)}, expected ` +
                '{"box": [x, y, width, height]}, all numbers, and "invalid" true or false',
            );
          }
          const [x, y, width, height] = box;
          // A face without an area can be neither found nor missed.
          return { box: [x, y, width, height], invalid: invalid || !(width > 0 && height > 0) };
        }),
      ] as const;
    }),
  );
}

/** The known faces of a picture; undefined where the file does not name it. */
export function facesOf(
  { name }: Picture,
  known: KnownFaces,
): readonly KnownFace[] | undefined {
  return known.get(name) ?? known.get(name.slice(name.lastIndexOf("/") + 1));
}
