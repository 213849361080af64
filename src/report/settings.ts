/**
 * What the run was told, and where it ran.
 *
 * @module
 */
import { type Content, type Html, html } from "./html.ts";
import { type JsonObject, objectIn } from "./run_folder.ts";
import { definitions, missing, section } from "./section.ts";
import { count, jsonWords, words } from "./wording.ts";

function facts(object: JsonObject): Html {
  return definitions(
    Object.entries(object).map(([name, value]) => [words(name), jsonWords(value)]),
  );
}

/** A command as a shell takes it. */
function commandLine(command: unknown): string | null {
  if (typeof command === "string") return command;
  if (!Array.isArray(command)) return null;
  return command.map(String)
    .map((word) => /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
}

/** The network, as its architecture and its options name it. */
function network(config: JsonObject | null): Content {
  const { name, options } = objectIn(config, "architecture");
  const parameters = config?.parameters;
  const all = {
    ...(name === undefined ? {} : { architecture: name }),
    ...(typeof options === "object" ? options : {}),
    ...(typeof parameters === "number" ? { parameters: count(parameters) } : {}),
  };
  return Object.keys(all).length > 0 && [html`<h3>Network</h3>`, facts(all)];
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
  const command = commandLine(config?.command);
  return section(
    "config",
    "Configuration",
    command !== null &&
      html`<pre tabindex="0" aria-label="Command"><code>${command}</code></pre>`,
    facts(choices),
    network(config),
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
  const version = config?.libraryVersion;
  if (Object.keys(machine).length === 0) {
    return section("machine", "Machine", missing("config.json is missing or names no machine."));
  }
  return section(
    "machine",
    "Machine and program",
    facts({ ...machine, ...(version === undefined ? {} : { "@fer/core": version }) }),
  );
}
