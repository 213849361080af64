/**
 * Elements of the page. Runs in the browser.
 *
 * @module
 */
import { browser, type PageElement } from "./browser.ts";

/** What an element may hold. */
export type Child = PageElement | string;

/** An element's attributes. */
export type Attributes = Readonly<Record<string, string | number>>;

/**
 * An element that the page has from the beginning.
 *
 * @param id Its id.
 * @returns The element.
 */
export function byId(id: string): PageElement {
  const found = browser.document.getElementById(id);
  if (!found) throw new Error(`The page has no element ${id}`);
  return found;
}

/**
 * Makes an HTML element.
 *
 * @param name Its tag.
 * @param attributes Its attributes.
 * @param children What it holds; text stays text.
 * @returns The element.
 */
export function make(name: string, attributes: Attributes, ...children: Child[]): PageElement {
  const made = browser.document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/**
 * Makes an SVG element.
 *
 * @param name Its tag.
 * @param attributes Its attributes.
 * @param children What it holds.
 * @returns The element.
 */
export function draw(name: string, attributes: Attributes, ...children: Child[]): PageElement {
  const drawn = browser.document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) drawn.setAttribute(key, String(value));
  drawn.append(...children);
  return drawn;
}

/**
 * Writes a text where it is not there already: screen readers speak up at a change.
 *
 * @param where An element.
 * @param text The text.
 */
export function write(where: PageElement, text: string): void {
  if (where.textContent !== text) where.textContent = text;
}
