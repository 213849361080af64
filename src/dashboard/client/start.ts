/**
 * Follows the training and keeps the page up to date. Runs in the browser.
 *
 * @module
 */
import { type DashboardState, updated } from "../state.ts";
import { browser } from "./browser.ts";
import { Charts } from "./charts.ts";
import { FacesView } from "./faces_view.ts";
import { Heading } from "./heading.ts";
import { ConfusionView, EpochTable } from "./tables.ts";

/** Listens to the server's events: all that is known comes first, then every change. */
export function startDashboard(): void {
  const heading = new Heading();
  const views = [new Charts(), new FacesView(), new ConfusionView(), new EpochTable()];
  let state: DashboardState | null = null;
  let isLost = false;
  let isDue = false;
  // A hidden page gets no frames: it draws when it is looked at again.
  const draw = () => {
    if (isDue) return;
    isDue = true;
    browser.requestAnimationFrame(() => {
      isDue = false;
      heading.show(state, isLost);
      if (state) { for (const view of views) view.show(state); }
    });
  };
  const events = new EventSource("events");
  events.addEventListener("state", ({ data }: MessageEvent<string>) => {
    state = JSON.parse(data);
    isLost = false;
    draw();
  });
  events.addEventListener("update", ({ data }: MessageEvent<string>) => {
    if (state) state = updated(state, JSON.parse(data));
    draw();
  });
  events.addEventListener("error", () => {
    isLost = true;
    // There is nobody left to connect to.
    if (state?.end) events.close();
    draw();
  });
}
