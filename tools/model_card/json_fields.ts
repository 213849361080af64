/**
 * Values out of a JSON file, each of which has to be there.
 *
 * @module
 */
import { reasonOf } from "../../src/model/source.ts";

/** Thrown when a file lacks what a card or a package has to say. */
export class MissingFieldError extends Error {
  /** The class's name. */
  override readonly name = "MissingFieldError";
}

/** A JSON object and the file that it came from. */
export class JsonFields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #prefix: string;
  /** The file, for messages. */
  readonly source: string;

  /**
   * @param value What JSON.parse() gave.
   * @param source The file.
   * @param prefix Where in the file the object is, for instance `data.audit.`.
   */
  constructor(value: unknown, source: string, prefix: string = "") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new MissingFieldError(
        `Cannot read ${source}: ${prefix ? prefix.slice(0, -1) : "it"} is not a JSON object`,
      );
    }
    this.#value = value as Readonly<Record<string, unknown>>;
    this.source = source;
    this.#prefix = prefix;
  }

  /**
   * Reads a file.
   *
   * @param path The file.
   * @throws {MissingFieldError} When there is none or it holds no JSON object.
   */
  static async read(path: string): Promise<JsonFields> {
    let text: string;
    try {
      text = await Deno.readTextFile(path);
    } catch (cause) {
      throw new MissingFieldError(`Cannot read ${path}: ${reasonOf(cause)}`, { cause });
    }
    try {
      return new JsonFields(JSON.parse(text), path);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw new MissingFieldError(`Cannot read ${path}: ${cause.message}`, { cause });
    }
  }

  /** The object itself. */
  get value(): Readonly<Record<string, unknown>> {
    return this.#value;
  }

  #get<T>(key: string, kind: string, is: (value: unknown) => value is T): T {
    const value = this.#value[key];
    if (is(value)) return value;
    const found = value === undefined ? "is missing" : `is ${JSON.stringify(value).slice(0, 60)}`;
    throw new MissingFieldError(
      `Cannot read ${this.source}: ${this.#prefix}${key} ${found}, expected ${kind}`,
    );
  }

  /** A finite number. */
  number(key: string): number {
    return this.#get(key, "a number", (value): value is number => Number.isFinite(value));
  }

  /** A text. */
  text(key: string): string {
    return this.#get(key, "a text", (value): value is string => typeof value === "string");
  }

  /** A truth value. */
  boolean(key: string): boolean {
    return this.#get(key, "true or false", (value): value is boolean => typeof value === "boolean");
  }

  /** Finite numbers, as many as said. */
  numbers(key: string, length?: number): readonly number[] {
    return this.#get(
      key,
      length === undefined ? "a list of numbers" : `a list of ${length} numbers`,
      (value): value is number[] =>
        Array.isArray(value) && value.every(Number.isFinite) &&
        (length === undefined || value.length === length),
    );
  }

  /** Texts. */
  texts(key: string): readonly string[] {
    return this.#get(
      key,
      "a list of texts",
      (value): value is string[] =>
        Array.isArray(value) && value.every((each) => typeof each === "string"),
    );
  }

  /** A list of anything. */
  list(key: string): readonly unknown[] {
    return this.#get(key, "a list", (value): value is unknown[] => Array.isArray(value));
  }

  /** An object. */
  object(key: string): JsonFields {
    const value = this.#get(
      key,
      "an object",
      (each): each is Record<string, unknown> =>
        typeof each === "object" && each !== null && !Array.isArray(each),
    );
    return new JsonFields(value, this.source, `${this.#prefix}${key}.`);
  }

  /** A row of a table of numbers. */
  row(key: string, index: number, length: number): readonly number[] {
    const rows = Object.fromEntries(this.list(key).map((row, i) => [`${key}[${i}]`, row]));
    return new JsonFields(rows, this.source, this.#prefix).numbers(`${key}[${index}]`, length);
  }

  /** Objects in a list. */
  objects(key: string): JsonFields[] {
    return this.list(key).map((each, i) =>
      new JsonFields(each, this.source, `${this.#prefix}${key}[${i}].`)
    );
  }
}
