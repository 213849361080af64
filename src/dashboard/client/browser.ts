/**
 * The browser, as far as the dashboard's page uses it. Deno's own types leave it out, and a package
 * that referred to the browser's would change those of everyone who imports it.
 *
 * @module
 */

/** What happened to an element. */
export interface PageEvent {
  /** The key that was pressed, if one was. */
  readonly key: string;
  /** Where the pointer is, in pixels from the window's left. */
  readonly clientX: number;
  /** Keeps the browser from doing what it usually does. */
  preventDefault(): void;
}

/** An element of HTML or SVG. */
export interface PageElement {
  /** Its text. */
  textContent: string | null;
  /** What the pointer is told. */
  title: string;
  /** Its classes. */
  className: string;
  /** Whether it is left out. */
  hidden: boolean;
  /** Its width in pixels, borders aside. */
  readonly clientWidth: number;
  /** Its `data-` attributes. */
  readonly dataset: Record<string, string>;
  /** Its own style. */
  readonly style: { setProperty(name: string, value: string): void };
  /** Sets an attribute. */
  setAttribute(name: string, value: string): void;
  /** Adds children at its end. */
  append(...children: readonly (PageElement | string)[]): void;
  /** Puts children in the place of those it has. */
  replaceChildren(...children: readonly (PageElement | string)[]): void;
  /** The first element inside it that a selector fits. */
  querySelector(selector: string): PageElement | null;
  /** Where it is. */
  getBoundingClientRect(): { readonly left: number };
  /** Hears of what happens to it. */
  addEventListener(type: string, listener: (event: PageEvent) => void): void;
}

/** A browser's global scope. */
export interface Browser {
  /** The page. */
  readonly document: {
    title: string;
    readonly activeElement: PageElement | null;
    getElementById(id: string): PageElement | null;
    createElement(name: string): PageElement;
    createElementNS(space: string, name: string): PageElement;
  };
  /** Hears of elements that change their size. */
  readonly ResizeObserver: new (changed: () => void) => { observe(element: PageElement): void };
  /** Calls back before the page is drawn the next time. */
  requestAnimationFrame(draw: () => void): void;
}

/** The browser that the program runs in; there is none where it is only put together. */
export const browser: Browser = globalThis as unknown as Browser;
