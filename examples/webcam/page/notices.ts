/// <reference lib="dom" />
/**
 * Messages above the picture: what failed, and what is worth knowing.
 *
 * @module
 */
import { byId, make } from "./elements.ts";

const place = { bad: () => byId("alert", HTMLElement), info: () => byId("info", HTMLElement) };

/** How much a message matters: `bad` is read out at once. */
export type Weight = keyof typeof place;

/**
 * Takes the messages away.
 *
 * @param weight Which.
 */
export function clearNotice(weight: Weight): void {
  place[weight]().replaceChildren();
}

/**
 * Shows a message in the place of the one before.
 *
 * @param weight How much it matters.
 * @param title What it says.
 * @param more What to do about it.
 */
export function showNotice(weight: Weight, title: string, more = ""): void {
  const close = make("button", "close", "×");
  close.type = "button";
  close.setAttribute("aria-label", "Close this message");
  close.addEventListener("click", () => {
    clearNotice(weight);
    byId("main", HTMLElement).focus();
  });
  const text = make("p", "", make("strong", "", title), more ? ` ${more}` : "");
  place[weight]().replaceChildren(make("div", `notice ${weight}`, text, close));
}
