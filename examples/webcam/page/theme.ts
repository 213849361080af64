/// <reference lib="dom" />
/**
 * Light or dark: as the system, or as chosen here.
 *
 * @module
 */
import { byId } from "./elements.ts";

const KEY = "theme";

/** What was chosen on an earlier visit; storage may be forbidden. */
function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function apply(theme: string): void {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** Applies what was chosen before, and follows what is chosen. */
export function followTheme(): void {
  const fields = byId("theme", HTMLFieldSetElement);
  const radios = [...fields.querySelectorAll<HTMLInputElement>("input")];
  const before = stored() ?? "auto";
  apply(before);
  for (const radio of radios) radio.checked = radio.value === before;
  fields.addEventListener("change", () => {
    const chosen = radios.find(({ checked }) => checked)?.value ?? "auto";
    apply(chosen);
    try {
      localStorage.setItem(KEY, chosen);
    } catch { /* Then it holds for this visit. */ }
  });
}
