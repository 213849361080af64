/// <reference lib="dom" />
/**
 * What is read out: rarely, and only news.
 *
 * @module
 */
import { write } from "./elements.ts";

/** Says the latest text, no more often than every few seconds. */
export class Announcer {
  readonly #element: Element;
  readonly #interval: number;
  #key = "";
  #text = "";
  #last = -Infinity;
  #timer: number | undefined;

  /**
   * Makes an announcer.
   *
   * @param element A live region.
   * @param interval The fewest milliseconds between two announcements.
   */
  constructor(element: Element, interval = 4000) {
    this.#element = element;
    this.#interval = interval;
  }

  /**
   * Has a text read out, unless its gist was the last that was.
   *
   * @param gist What makes it news.
   * @param text The text.
   */
  say(gist: string, text: string): void {
    this.#text = text;
    if (gist === this.#key) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    const wait = this.#last + this.#interval - performance.now();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (wait > 0) {
      this.#timer = setTimeout(() => this.say(gist, this.#text), wait) as unknown as number;
      return;
    }
    this.#key = gist;
    this.#last = performance.now();
    write(this.#element, text);
  }

  /** Forgets what was said. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#key = "";
    write(this.#element, "");
  }
}
