/**
 * A live page that shows a training while it runs.
 *
 * @example
 * ```ts ignore
 * import { drawnFaces } from "@fer/core/data";
 * import { serveDashboard } from "@fer/core/dashboard";
 * import { buildFerCnn } from "@fer/core/model";
 * import { Trainer } from "@fer/core/train";
 *
 * await using page = serveDashboard();
 * console.log(page.url);
 * const faces = drawnFaces(700, 42);
 * const trainer = new Trainer(buildFerCnn(), { epochs: 5 }, { callbacks: [page] });
 * await trainer.fit(faces.split("Training"), faces.split("PublicTest"));
 * ```
 *
 * @module
 */
export * from "./dashboard/dashboard.ts";
export { DashboardError } from "./dashboard/listen.ts";
