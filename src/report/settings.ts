/**
 * What the run was told, and where it ran.
 *
 * @module
 */
import { type Html, html } from "./html.ts";
import { type JsonObject, objectIn } from "./run_folder.ts";
import { definitions, missing, section } from "./section.ts";
import { count, jsonWords, words } from "./wording.ts";

function facts(object: JsonObject): Html {
  return definitions(
    Object.entries(object).map(([name, value]) => [words(name), jsonWords(value)]),
  );
}

/**
 * Every choice of the run, and how to make it again.
 *
 * @param config The content of `config.json`, if there is one.
 * @returns A section.
 */
export function configSection(config: JsonObject | null): Html {
  const choices = objectIn(config, "config");
  if (Object.keys(choices).length === 0) {
    return section("config", "Configuration", missing("config.json is missing or says nothing."));
  }
  const { command } = config ?? {};
  return section(
    "config",
    "Configuration",
    typeof command === "string" ? html`<pre tabindex="0"><code>${command}</code></pre>` : "",
    facts(choices),
  );
}

/**
 * The machine and the program.
 *
 * @param config The content of `config.json`, if there is one.
 * @returns A section.
 */
export function machineSection(config: JsonObject | null): Html {
  const machine = objectIn(config, "machine");
  const { libraryVersion, parameters } = config ?? {};
  if (Object.keys(machine).length === 0) {
    return section("machine", "Machine", missing("config.json is missing or names no machine."));
  }
  return section(
    "machine",
    "Machine and program",
    facts({
      ...machine,
      ...(libraryVersion === undefined ? {} : { "@fer/core": libraryVersion }),
      ...(typeof parameters === "number" ? { parameters: count(parameters) } : {}),
    }),
  );
}
