/**
 * Validation images and what the network makes of them. Runs in the browser.
 *
 * @module
 */
import { count, percent } from "../../report/wording.ts";
import type { DashboardState, FaceFacts } from "../state.ts";
import type { PageElement } from "./browser.ts";
import { byId, make, write } from "./elements.ts";

/** The strip of faces. */
export class FacesView {
  #faces: readonly FaceFacts[] = [];
  #rows: ReadonlyArray<readonly number[]> | null = null;
  #items: PageElement[] = [];

  /**
   * Shows the faces and, where there are some, the predictions.
   *
   * @param state All that is known.
   */
  show({ faces, predictions, plan }: DashboardState): void {
    const classes = plan?.classes ?? [];
    if (faces !== this.#faces) {
      this.#faces = faces;
      this.#rows = null;
      this.#items = faces.map(({ image, index, label }) => {
        const alt = `Face labelled ${classes[label]}`;
        return make(
          "li",
          {},
          make(
            "figure",
            {},
            make("img", { src: image, alt, width: 96, height: 96 }),
            make(
              "figcaption",
              {},
              make("b", {}, classes[label]),
              make("span", { class: "guess" }, `image ${count(index + 1)}`),
              make("span", { class: "meter" }),
            ),
          ),
        );
      });
      byId("faces-list").replaceChildren(...this.#items);
      const none = plan ? "None is shown." : "They come when training begins.";
      const asked = "What the network makes of them is asked after each epoch.";
      write(byId("faces-note"), faces.length > 0 ? asked : none);
    }
    if (!predictions || predictions.probabilities === this.#rows) return;
    this.#rows = predictions.probabilities;
    let hits = 0;
    predictions.probabilities.forEach((row, i) => {
      const isRight = this.#guess(this.#items[i], row, faces[i].label, classes);
      if (isRight) hits++;
    });
    write(
      byId("faces-note"),
      `After epoch ${predictions.epoch} the network is right about ${hits} of ${faces.length}. ` +
        "The images are the same throughout the run.",
    );
  }

  #guess(
    item: PageElement,
    row: readonly number[],
    label: number,
    classes: readonly string[],
  ): boolean {
    const ranked = [...row.keys()].sort((a, b) => row[b] - row[a]);
    const [guess] = ranked;
    const isRight = guess === label;
    item.className = isRight ? "right" : "wrong";
    item.title = ranked.slice(0, 3).map((k) => `${classes[k]} ${percent(row[k], 0)}`).join(", ");
    const mark = make("span", { "aria-hidden": "true" }, isRight ? "✓ " : "✗ ");
    const words = make("span", { class: "unseen" }, isRight ? "rightly " : "wrongly ");
    item.querySelector(".guess")?.replaceChildren(
      make("span", {}, mark, words, classes[guess]),
      " ",
      make("span", {}, percent(row[guess], 0)),
    );
    item.querySelector(".meter")?.style.setProperty("--rate", String(row[guess]));
    return isRight;
  }
}
