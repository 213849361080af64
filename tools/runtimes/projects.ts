/**
 * Projects that use the package: one of Node's, one of Bun's.
 *
 * @module
 */
import { drawnFaces, encodePng } from "../../mod.ts";
import { run } from "./run.ts";

/** What they need beside the package. */
const TOOLS = { typescript: "5.9.3", vite: "8.4.0" } as const;
const BUN = "1.4.5";

/** The projects' folders, and what their programs are given. */
export interface Projects {
  /** Node's project, Vite's and TypeScript's too. */
  readonly node: string;
  /** Bun's; null where npm has no Bun for this machine. */
  readonly bun: { readonly folder: string; readonly program: string } | null;
  /** The photograph's path. */
  readonly picture: string;
  /** Makes a folder of data. */
  readonly data: (name: string) => Promise<string>;
}

/** Milliseconds that an installation may take. */
const PATIENCE = 240_000;

const QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"] as const;

async function install(command: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await run(command, { cwd, limit: PATIENCE });
  if (code === 0) return;
  const why = code === null ? "it took too long" : `${stdout}${stderr}`.trim();
  throw new Error(`Cannot install in ${cwd}: ${why}`);
}

async function makeProject(
  folder: string,
  root: URL,
  archive: string,
  devDependencies: Readonly<Record<string, string>> = {},
): Promise<void> {
  await Deno.mkdir(folder);
  const description = {
    type: "module",
    private: true,
    dependencies: { "@fer/core": `file:${archive}` },
    devDependencies,
  };
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify(description));
  for await (const { name } of Deno.readDir(new URL("tests/runtimes/", root))) {
    await Deno.copyFile(new URL(`tests/runtimes/${name}`, root), `${folder}/${name}`);
  }
}

async function makeNode(folder: string, root: URL, archive: string): Promise<void> {
  await makeProject(folder, root, archive, TOOLS);
  const page = '<!doctype html><script type="module" src="page.js"></script>';
  await Deno.writeTextFile(`${folder}/index.html`, page);
  await Deno.mkdir(`${folder}/public`);
  await Deno.copyFile(
    new URL("tests/recognizer/astronaut.jpg", root),
    `${folder}/public/picture.jpg`,
  );
  await install(["npm", "install", ...QUIET], folder);
}

/** Bun's project; null where there is no Bun. */
async function makeBun(folder: string, root: URL, archive: string): Promise<Projects["bun"]> {
  const tools = `${folder}_tools`;
  await Deno.mkdir(tools);
  await Deno.writeTextFile(`${tools}/package.json`, '{"private":true}');
  // The program is in a package of its own for each machine; its installer only moves it.
  const name = `@oven/bun-${Deno.build.os}-${
    Deno.build.arch === "x86_64" ? "x64" : Deno.build.arch
  }`;
  try {
    await install(["npm", "install", ...QUIET, `bun@${BUN}`], tools);
  } catch {
    return null;
  }
  const program = `${tools}/node_modules/${name}/bin/bun`;
  if (!await Deno.stat(program).then(({ isFile }) => isFile, () => false)) return null;
  await makeProject(folder, root, archive);
  await install([program, "install", "--ignore-scripts"], folder);
  return { folder, program };
}

/** A folder with a CSV file and a folder of pictures. */
async function makeData(folder: string): Promise<string> {
  const faces = drawnFaces(6, 5);
  const area = faces.size ** 2;
  const rows = Array.from(
    { length: faces.length },
    (_, i) =>
      `${faces.labels[i]},${faces.pixels.subarray(i * area, (i + 1) * area).join(" ")},Training`,
  );
  for (const [i, name] of ["happy", "sad"].entries()) {
    await Deno.mkdir(`${folder}/images/${name}`, { recursive: true });
    await Deno.writeFile(`${folder}/images/${name}/${i}.png`, await encodePng(faces.image(i)));
  }
  const csv = ["emotion,pixels,Usage", ...rows, ""].join("\n");
  await Deno.writeTextFile(`${folder}/faces.csv`, csv);
  return folder;
}

/**
 * Makes the projects, and installs what they need.
 *
 * @param folder With the package in its folder `package`.
 * @param root The library's folder.
 * @throws {Error} When npm cannot install it.
 */
export async function makeProjects(folder: string, root: URL): Promise<Projects> {
  const { code, stdout, stderr } = await run(
    ["npm", "pack", "--silent", "--pack-destination", ".."],
    { cwd: `${folder}/package` },
  );
  if (code !== 0) throw new Error(`Cannot pack the package: ${stderr.trim()}`);
  const archive = `${folder}/${stdout.trim().split("\n").at(-1)}`;
  const [, bun] = await Promise.all([
    makeNode(`${folder}/node`, root, archive),
    makeBun(`${folder}/bun`, root, archive),
  ]);
  return {
    node: `${folder}/node`,
    bun,
    picture: new URL("tests/recognizer/astronaut.jpg", root).pathname,
    data: (name) => makeData(`${folder}/data_${name}`),
  };
}
