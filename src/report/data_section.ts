/**
 * What the run was fed, and what is wrong with it.
 *
 * @module
 */
import type { DatasetAudit, Leak, SplitAudit } from "../data/audit.ts";
import { type Content, type Html, html } from "./html.ts";
import { type JsonObject, objectIn } from "./run_folder.ts";
import { type Cell, definitions, missing, section, table } from "./section.ts";
import { count, jsonWords, percent, plural, UNKNOWN, words } from "./wording.ts";

/** The split's part in training, by its name in the FER-2013 file. */
const PARTS: Readonly<Record<string, string>> = {
  PublicTest: "validation",
  PrivateTest: "test",
};

function isAudit(value: JsonObject): boolean {
  const splits = Object.values(objectIn(value, "splits"));
  return Array.isArray(value.classes) && Array.isArray(value.leaks) && splits.length > 0 &&
    splits.every((split) => Array.isArray((split as Partial<SplitAudit> | null)?.counts));
}

function classTable(classes: readonly string[], splits: ReadonlyArray<[string, SplitAudit]>): Html {
  const share = (part: number, whole: number): Cell => ({
    figure: whole > 0 ? html`${count(part)} <small>${percent(part / whole)}</small>` : UNKNOWN,
  });
  const rows = classes.map((name, k): Cell[] => [
    name,
    ...splits.map(([, split]) => share(split.counts[k], split.images)),
  ]);
  rows.push(["all", ...splits.map(([, split]): Cell => ({ figure: count(split.images) }))]);
  const head = ["Class", ...splits.map(([usage]): Cell => ({ figure: splitName(usage) }))];
  return table("Images of each class and their share of the split", head, rows);
}

function splitName(usage: string): string {
  return usage in PARTS ? `${usage} (${PARTS[usage]})` : usage;
}

function findingsTable(splits: ReadonlyArray<[string, SplitAudit]>): Html {
  const findings: ReadonlyArray<readonly [string, (split: SplitAudit) => unknown]> = [
    ["Duplicate images", (split) => split.duplicateImages],
    ["Groups of duplicates", (split) => split.duplicateGroups],
    ["Groups with conflicting labels", (split) => split.conflictingGroups],
    ["Blank images", (split) => split.blank],
    ["Unlabelled images", (split) => split.unlabelled],
  ];
  return table(
    "What is found inside each split; duplicates have the same pixels",
    ["Finding", ...splits.map(([usage]): Cell => ({ figure: splitName(usage) }))],
    findings.map(([name, value]): Cell[] => [
      name,
      ...splits.map(([, split]): Cell => ({ figure: count(value(split)) })),
    ]),
  );
}

function leaksList(leaks: readonly Leak[]): Html {
  if (leaks.length === 0) return html`<p>No two splits share an image's pixels.</p>`;
  return html`<ul class="leaks">${
    leaks.map(({ usage, into, images, sameLabel }) =>
      html`<li><b>${plural(images, "image")}</b> of ${usage} ${
        images === 1 ? "has a twin" : "have twins"
      } with the same pixels in ${into}, ${count(sameLabel)} with the same label.</li>`
    )
  }</ul>`;
}

function auditParts(audit: JsonObject): Content {
  if (!isAudit(audit)) {
    return missing("The data was not audited, or config.json does not say what was found.");
  }
  const { classes, splits, leaks } = audit as unknown as DatasetAudit;
  const filled = Object.entries(splits).filter(([, split]) => split.images > 0);
  return [leaksList(leaks), classTable(classes, filled), findingsTable(filled)];
}

/**
 * The data and its audit.
 *
 * @param config The content of `config.json`, if there is one.
 * @returns A section.
 */
export function dataSection(config: JsonObject | null): Html {
  const data = objectIn(config, "data");
  if (Object.keys(data).length === 0) {
    return section("data", "Data", missing("config.json is missing or says nothing of the data."));
  }
  const facts = Object.entries(data).filter(([name]) => name !== "audit");
  const audit = "audit" in data ? objectIn(data, "audit") : objectIn(config, "audit");
  return section(
    "data",
    "Data",
    definitions(facts.map(([name, value]) => [words(name), jsonWords(value, count)])),
    html`<h3>Audit</h3>`,
    auditParts(audit),
  );
}
