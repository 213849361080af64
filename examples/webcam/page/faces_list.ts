/// <reference lib="dom" />
/**
 * Each face's bars, named and in figures.
 *
 * @module
 */
import type { TrackedFace } from "../../../mod.ts";
import { make, write } from "./elements.ts";
import { toneOf } from "./tones.ts";
import { bestOf, issuesOf, percent } from "./wording.ts";

/** Faces that are listed; more would push each other out of sight. */
const MOST = 8;

interface Row {
  readonly row: HTMLElement;
  readonly value: HTMLElement;
}

class FaceCard {
  readonly card = make("li", "face");
  readonly #name = make("span", "name");
  readonly #best = make("b");
  readonly #share = make("span", "share");
  readonly #why = make("p", "why");
  readonly #choose = make("button", "choose");
  readonly #rows = new Map<string, Row>();

  constructor(id: number, classes: readonly string[], onChoose: () => void) {
    write(this.#name, `Face ${id}`);
    this.#choose.type = "button";
    write(this.#choose, "Show in chart");
    this.#choose.setAttribute("aria-label", `Show face ${id} in the chart`);
    this.#choose.addEventListener("click", onChoose);
    const list = make("ul", "rows");
    list.setAttribute("aria-label", `Expressions of face ${id}`);
    classes.forEach((label, i) => {
      const value = make("span", "value", "–");
      const row = make("li", "row", make("span", "label", label), make("i", "bar"), value);
      row.style.setProperty("--tone", toneOf(label, i));
      this.#rows.set(label, { row, value });
      list.append(row);
    });
    const said = make("p", "said", this.#best, this.#share);
    this.card.append(make("div", "head", this.#name, this.#choose), said, this.#why, list);
  }

  update(face: TrackedFace, classes: readonly string[], isChosen: boolean, isAlone: boolean): void {
    const best = bestOf(face);
    write(this.#best, best?.label ?? "no guess");
    write(this.#share, best ? percent(best.probability) : "");
    write(this.#why, best && face.quality.issues.length === 0 ? "" : this.#reason(face));
    this.#why.hidden = this.#why.textContent === "";
    this.card.classList.toggle("untold", !best);
    this.card.classList.toggle("chosen", isChosen && !isAlone);
    this.#choose.hidden = isAlone;
    this.#choose.setAttribute("aria-pressed", String(isChosen));
    this.card.style.setProperty(
      "--tone",
      best ? toneOf(best.label, classes.indexOf(best.label)) : "var(--untold)",
    );
    const shares = new Map(face.probabilities?.map((each) => [each.label, each.probability]));
    for (const [label, { row, value }] of this.#rows) {
      const share = shares.get(label);
      write(value, share === undefined ? "–" : percent(share));
      row.style.setProperty("--share", String(share ?? 0));
      row.classList.toggle("best", label === best?.label);
    }
  }

  #reason(face: TrackedFace): string {
    const issues = issuesOf(face);
    return bestOf(face) ? `A poor view: ${issues}.` : `Not guessed: ${issues}.`;
  }
}

/** The list of faces. */
export class FacesList {
  readonly #list: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #onChoose: (id: number) => void;
  readonly #cards = new Map<number, FaceCard>();

  /**
   * Makes the list.
   *
   * @param list Where the cards go.
   * @param empty What is shown when there are none.
   * @param onChoose Hears which face people want in the chart.
   */
  constructor(list: HTMLElement, empty: HTMLElement, onChoose: (id: number) => void) {
    this.#list = list;
    this.#empty = empty;
    this.#onChoose = onChoose;
  }

  /**
   * Shows faces.
   *
   * @param faces The faces, the largest first.
   * @param classes The expressions.
   * @param chosen Which one is in the chart.
   * @param isStill Whether there is no chart.
   */
  show(
    faces: readonly TrackedFace[],
    classes: readonly string[],
    chosen: number | null,
    isStill: boolean,
  ): void {
    const shown = faces.slice(0, MOST);
    const here = new Set(shown.map(({ id }) => id));
    for (const [id, { card }] of this.#cards) {
      if (here.has(id)) continue;
      const hadFocus = card.contains(document.activeElement);
      card.remove();
      this.#cards.delete(id);
      if (hadFocus) this.#list.querySelector<HTMLElement>("button:not([hidden])")?.focus();
    }
    for (const face of [...shown].sort((a, b) => a.id - b.id)) {
      let card = this.#cards.get(face.id);
      if (!card) {
        card = new FaceCard(face.id, classes, () => this.#onChoose(face.id));
        this.#cards.set(face.id, card);
        this.#list.append(card.card);
      }
      card.update(face, classes, face.id === chosen, isStill || faces.length < 2);
    }
    this.#empty.hidden = faces.length > 0;
  }

  /**
   * Says why there are none.
   *
   * @param why The reason.
   */
  explain(why: string): void {
    write(this.#empty, why);
  }
}
