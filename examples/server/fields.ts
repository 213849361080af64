/**
 * Fields of an inference request's JSON, and what is said where they are not as they should be.
 *
 * @module
 */
import { Problem } from "./problem.ts";

/** An object of any fields. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * A refusal.
 *
 * @param message What is wrong.
 */
export function refuse(message: string): Problem {
  return new Problem(400, `Cannot infer: ${message}`);
}

/**
 * A value as messages show it, cut short.
 *
 * @param value The value.
 */
export function found(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * A refusal of a value.
 *
 * @param path Where it is.
 * @param expected What was expected.
 * @param value What was found.
 */
export function expectation(path: string, expected: string, value: unknown): Problem {
  return refuse(`expected ${path} to be ${expected}, got ${found(value)}`);
}

/** @param value What may be an object of fields. */
export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The parameters of an object.
 *
 * @param path Where it is.
 * @param of The object.
 */
export function parametersOf(path: string, of: Fields): Fields {
  const { parameters = {} } = of;
  if (!isObject(parameters)) throw expectation(`${path}parameters`, "an object", parameters);
  return parameters;
}

/**
 * A parameter that is true or false.
 *
 * @param path Where it is.
 * @param of The parameters.
 * @param name Its name.
 */
export function booleanOf(path: string, of: Fields, name: string): boolean | undefined {
  const value = of[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw expectation(`${path}parameters.${name}`, "true or false", value);
}
