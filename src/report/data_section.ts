/**
 * What the run was fed, and what is wrong with it.
 *
 * @module
 */
import { type Html, html } from "./html.ts";
import { type JsonObject, objectIn } from "./run_folder.ts";
import { definitions, missing, section } from "./section.ts";
import { jsonWords, words } from "./wording.ts";

/**
 * The data and its audit.
 *
 * @param config The content of `config.json`, if there is one.
 * @returns A section.
 */
export function dataSection(config: JsonObject | null): Html {
  const data = objectIn(config, "data");
  const audit = { ...objectIn(data, "audit"), ...objectIn(config, "audit") };
  if (Object.keys(data).length === 0) {
    return section("data", "Data", missing("config.json is missing or says nothing of the data."));
  }
  return section(
    "data",
    "Data",
    definitions(
      Object.entries(data).filter(([name]) => name !== "audit").map((
        [name, value],
      ) => [words(name), jsonWords(value)]),
    ),
    html`<h3>Audit</h3>`,
    Object.keys(audit).length > 0
      ? definitions(Object.entries(audit).map(([name, value]) => [words(name), jsonWords(value)]))
      : missing("The data was not audited, or config.json does not say what was found."),
  );
}
