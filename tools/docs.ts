/**
 * Builds the pages of the documentation: what the docstrings say, and the guides.
 *
 * @module
 */
import { marked } from "marked";
import { dirname, relative } from "node:path/posix";
import type { Command } from "../cli/flags.ts";
import { print, runProgram } from "../cli/program.ts";
import manifest from "../deno.json" with { type: "json" };

const COMMAND = {
  name: "docs",
  about: "Build the documentation as web pages: every symbol's, by deno doc, and the guides.",
  flags: {
    out: { kind: "string", value: "DIR", default: "site", about: "The folder to write" },
  },
  examples: ["deno task docs", "deno task docs --out /tmp/site"],
} as const satisfies Command;

/** Guides that are not in docs/. */
const OTHERS = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "MODEL_CARD.md",
  "recipes/README.md",
  "examples/server/README.md",
  "examples/webcam/README.md",
];

async function guides(): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir("docs"))).map(({ name }) => name);
  return [
    ...OTHERS,
    ...names.filter((name) => name.endsWith(".md")).sort().map((name) => `docs/${name}`),
  ];
}

/** Where a guide's page is, below the folder of guides. */
const pageOf = (guide: string): string => guide.replace(/\.md$/, ".html");

/** The anchor that a heading gets, as forges make it. */
const anchorOf = (text: string): string =>
  text.replace(/<[^>]*>|&\w+;/g, "").trim().toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "")
    .replace(/ /g, "-");

const STYLE = `:root{color-scheme:light dark}body{max-width:72ch;margin:40px auto;padding:0 20px;` +
  `font:16px/1.55 system-ui,sans-serif}pre{overflow-x:auto;padding:12px;border:1px solid #8885;` +
  `border-radius:8px}table{display:block;overflow-x:auto;border-collapse:collapse}` +
  `td,th{padding:6px 10px;border:1px solid #8885;text-align:left}img{max-width:100%}` +
  `nav a{margin-right:16px}`;

/** A guide as a page; links to guides go to their pages, others to files of the project are text. */
async function render(guide: string, all: readonly string[]): Promise<string> {
  const markdown = await Deno.readTextFile(guide);
  const here = `guides/${pageOf(guide)}`;
  const body = (await marked.parse(markdown))
    .replace(
      /<(h[1-6])>(.*?)<\/\1>/g,
      (_, tag, text) => `<${tag} id="${anchorOf(text)}">${text}</${tag}>`,
    )
    .replace(
      /<a href="(?!https?:|mailto:|#)([^"#]*)(#[^"]*)?">(.*?)<\/a>/g,
      (_, path, anchor, text) => {
        const target = new URL(path, `file:///${guide}`).pathname.slice(1);
        const readme = `${target.replace(/\/$/, "")}/README.md`;
        const found = all.find((each) => each === target || each === readme);
        if (!found) return text;
        return `<a href="${relative(dirname(guide), pageOf(found))}${anchor ?? ""}">${text}</a>`;
      },
    );
  const title = /^# (.*)$/m.exec(markdown)?.[1] ?? guide;
  const top = relative(dirname(here), ".");
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<title>${title}</title><style>${STYLE}</style></head><body>` +
    `<nav><a href="${top}/index.html">Symbols</a><a href="${top}/guides/index.html">Guides</a></nav>` +
    `${body}</body></html>\n`;
}

/** Links of the guides that lead to no file. */
async function brokenLinks(out: string, all: readonly string[]): Promise<string[]> {
  const broken: string[] = [];
  for (const guide of ["index.md", ...all]) {
    const page = `${out}/guides/${pageOf(guide)}`;
    const text = await Deno.readTextFile(page);
    for (const [, href] of text.matchAll(/ href="(?!https?:|mailto:|#)([^"#]*)/g)) {
      const target = `${dirname(page)}/${decodeURIComponent(href)}`;
      if (!await Deno.stat(target).then(() => true, () => false)) broken.push(`${page}: ${href}`);
    }
  }
  return broken;
}

await runProgram(COMMAND, async ({ out }) => {
  const doors = Object.values(manifest.exports);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--html", `--name=${manifest.name}`, `--output=${out}`, ...doors],
    stdout: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("Cannot document the symbols: deno doc failed");
  const all = await guides();
  for (const guide of all) {
    const page = `${out}/guides/${pageOf(guide)}`;
    await Deno.mkdir(dirname(page), { recursive: true });
    await Deno.writeTextFile(page, await render(guide, all));
  }
  const items = await Promise.all(all.map(async (guide) => {
    const title = /^# (.*)$/m.exec(await Deno.readTextFile(guide))?.[1] ?? guide;
    return `<li><a href="${pageOf(guide)}">${title}</a></li>`;
  }));
  await Deno.writeTextFile(
    `${out}/guides/index.html`,
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Guides</title>` +
      `<style>${STYLE}</style></head><body><nav><a href="../index.html">Symbols</a></nav>` +
      `<h1>Guides</h1><ul>${items.join("")}</ul></body></html>\n`,
  );
  const broken = await brokenLinks(out, all);
  for (const link of broken) print(`No such page: ${link}`);
  if (broken.length > 0) return 1;
  print(`${out}/index.html: the symbols\n${out}/guides/index.html: ${all.length} guides`);
  return 0;
});
