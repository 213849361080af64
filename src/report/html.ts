/**
 * HTML in which text cannot become markup.
 *
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that is markup already. */
export class Html {
  readonly #markup: string;

  /**
   * Vouches for markup.
   *
   * @param markup Markup that holds nothing foreign unescaped.
   */
  constructor(markup: string) {
    this.#markup = markup;
  }

  /** The markup. */
  toString(): string {
    return this.#markup;
  }
}

/** What may stand in a template: text and numbers are escaped, markup stays, no value is no text. */
export type Content = Html | string | number | false | null | undefined | readonly Content[];

function markupOf(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Html) return content.toString();
  if (Array.isArray(content)) return content.map(markupOf).join("");
  return String(content).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/**
 * Writes HTML; attribute values must be quoted.
 *
 * @param strings What the program says: markup.
 * @param contents What comes from elsewhere: escaped, unless it is {@linkcode Html}.
 * @returns The markup.
 */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(
    strings.reduce((before, after, at) => before + markupOf(contents[at - 1]) + after),
  );
}
