/// <reference lib="dom" />
/**
 * The page's elements, by their names.
 *
 * @module
 */

/**
 * Finds an element that the page is known to have.
 *
 * @param id Its id.
 * @param kind What it is.
 * @returns The element.
 * @throws {TypeError} When there is none of that kind.
 */
export function byId<T extends Element>(id: string, kind: new () => T): T {
  const element = document.getElementById(id) as unknown;
  if (element instanceof kind) return element;
  throw new TypeError(`The page has no ${kind.name} with the id ${id}`);
}

/**
 * Makes an element.
 *
 * @param tag Its name.
 * @param className Its classes.
 * @param children What is in it.
 * @returns The element.
 */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/**
 * Changes a text, if it is another: assistive technology hears of every change.
 *
 * @param element Whose text.
 * @param text The text.
 */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
