/**
 * The programs that `docs/export.md` shows.
 *
 * @module
 */

const PAGE = new URL("../../docs/export.md", import.meta.url);

/**
 * The programs of a language.
 *
 * @param language As it stands after the three backquotes.
 * @returns Their texts, in order.
 */
export async function documented(language: "js" | "python" | "ts"): Promise<string[]> {
  const text = await Deno.readTextFile(PAGE);
  const blocks = text.matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return [...blocks].filter(([, its]) => its === language).map(([, , code]) => code);
}
