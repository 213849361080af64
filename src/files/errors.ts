/**
 * Why a file could not be had or written.
 *
 * @module
 */

/** The system's name of an error: `ENOENT` and so on. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Whether an error says that there is no such file or folder. */
export const isNotFound = (error: unknown): boolean => codeOf(error) === "ENOENT";

/** Whether an error says that a path which should lead through a folder leads through a file. */
export const isNotFolder = (error: unknown): boolean => codeOf(error) === "ENOTDIR";

/**
 * Why a file could not be read, in one line.
 *
 * @param error What reading it threw.
 */
export function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case "ENOENT":
      return "no such file";
    case "EISDIR":
      return "it is a folder";
    case "ENOTDIR":
      return "its folder is a file";
    case "EACCES":
    case "EPERM":
      return "permission denied";
  }
  return error instanceof Error ? error.message.split(/ \(os error|\n/, 1)[0] : String(error);
}

/**
 * Makes the error of something that is not there: in Deno one of the class `Deno.errors.NotFound`,
 * by which its programs tell it, everywhere with the code `ENOENT`, by which Node's do.
 *
 * @param message What is not there.
 * @param cause What the system said.
 */
export function notFound(message: string, cause?: unknown): Error {
  const { Deno } = globalThis as {
    readonly Deno?: {
      readonly errors: { readonly NotFound: new (message: string, options: ErrorOptions) => Error };
    };
  };
  const NotFound = Deno?.errors.NotFound ?? Error;
  return Object.assign(new NotFound(message, { cause }), { code: "ENOENT" });
}

/**
 * An error's message in one line that a terminal can show: what a damaged file has put into it, line
 * breaks and control characters, becomes spaces.
 *
 * @param error What was thrown.
 */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
}
