/**
 * Makes a bare machine ready: a WebGPU driver, and the standard library where JSR is out of reach.
 *
 * Every task depends on this one, so it is silent and quick when nothing is missing: what was found
 * is kept in `vendor/.setup.json`. It imports nothing but Deno itself, because it runs before
 * anything else can be resolved.
 *
 * @module
 */

const ROOT = new URL("../", import.meta.url);
const VENDOR = new URL("vendor/", ROOT);
const STAMP = new URL(".setup.json", VENDOR);
const MESA = ["mesa-vulkan-drivers", "libvulkan1"];
const STD = { npm: "deno-std", version: "1.4.0" };

/** The parts of the standard library that the project imports, and where `deno-std` keeps them. */
const STD_ENTRIES: Readonly<
  Record<string, Readonly<Record<string, { file: string; types: string }>>>
> = {
  csv: { "./parse-stream": { file: "csv/parse_stream.js", types: "csv_parse_stream.d.ts" } },
  cli: { "./parse-args": { file: "cli/parse_args.js", types: "cli_parse_args.d.ts" } },
  assert: { ".": { file: "assert/mod.js", types: "assert.d.ts" } },
  path: {
    "./posix/glob-to-regexp": {
      file: "path/posix/glob_to_regexp.js",
      types: "path_posix_glob_to_regexp.d.ts",
    },
  },
};

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`setup: ${text}\n`));
}

async function exists(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}

/** What has to stay the same for an earlier setup to count. */
async function fingerprint(): Promise<string> {
  const config = await Deno.stat(new URL("deno.json", ROOT));
  return [Deno.version.deno, Deno.build.target, config.mtime?.getTime(), ROOT.pathname].join(" ");
}

/** The exact versions of `@std` packages that `deno.json` asks for. */
async function stdVersions(): Promise<Map<string, string>> {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const versions = new Map<string, string>();
  for (const target of Object.values<string>(config.imports)) {
    const match = /^jsr:@std\/([a-z-]+)@(\d+\.\d+\.\d+)$/.exec(target);
    if (match) versions.set(match[1], match[2]);
  }
  return versions;
}

async function jsrAnswers(): Promise<boolean> {
  try {
    const response = await fetch("https://jsr.io/@std/assert/meta.json", {
      signal: AbortSignal.timeout(2000),
    });
    // A hotel's sign-in page answers too.
    return response.ok && (await response.json()).name === "assert";
  } catch {
    return false;
  }
}

async function copyFolder(from: string, to: URL): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const target = new URL(encodeURIComponent(entry.name) + (entry.isDirectory ? "/" : ""), to);
    if (entry.isDirectory) await copyFolder(`${from}/${entry.name}`, target);
    else await Deno.copyFile(`${from}/${entry.name}`, target);
  }
}

/** Whether a package of the standard library is there, whole and in the version asked for. */
async function hasStd(name: string, version: string): Promise<boolean> {
  return await exists(new URL(`jsr.io/@std/${name}/${version}_meta.json`, VENDOR));
}

/** Lays a package out as Deno lays out what it vendors from JSR. */
async function layOut(source: string, home: URL, name: string, version: string): Promise<void> {
  const entries = STD_ENTRIES[name];
  if (!entries) {
    throw new Error(`tools/setup.ts does not know @std/${name}: add it to STD_ENTRIES`);
  }
  await copyFolder(source, new URL(`${version}/`, home));
  const exports: Record<string, string> = {};
  for (const [key, { file, types }] of Object.entries(entries)) {
    exports[key] = `./${file}`;
    const script = new URL(`${version}/${file}`, home);
    const declaration = new URL(file.replace(/\.js$/, ".d.ts").replace(/.*\//, "./"), script);
    await Deno.copyFile(new URL(`std_types/${types}`, import.meta.url), declaration);
    const pragma = `// @ts-self-types="./${declaration.pathname.replace(/.*\//, "")}"\n`;
    await Deno.writeTextFile(script, pragma + await Deno.readTextFile(script));
  }
  await Deno.writeTextFile(
    new URL("meta.json", home),
    JSON.stringify({ scope: "std", name, latest: version, versions: { [version]: {} } }),
  );
  await Deno.writeTextFile(
    new URL(`${version}_meta.json`, home),
    JSON.stringify({ manifest: {}, exports }),
  );
}

/** Takes the standard library from its npm build. */
async function seedStd(versions: ReadonlyMap<string, string>): Promise<void> {
  const [{ createRequire }, { dirname }] = await Promise.all([
    import("node:module"),
    import("node:path"),
  ]);
  await import("deno-std/csv/parse.js");
  const source = dirname(
    dirname(createRequire(import.meta.url).resolve(`${STD.npm}/csv/parse.js`)),
  );
  for (const [name, version] of versions) {
    if (await hasStd(name, version)) continue;
    const home = new URL(`jsr.io/@std/${name}/`, VENDOR);
    const building = new URL(`jsr.io/@std/.${name}-${Deno.pid}/`, VENDOR);
    await layOut(source, building, name, version);
    // Moved whole into its place: another task may be doing the same.
    await Deno.remove(home, { recursive: true }).catch(() => {});
    await Deno.rename(building, home).catch(async (error) => {
      await Deno.remove(building, { recursive: true });
      if (!await hasStd(name, version)) throw error;
    });
  }
}

/** Seeds `vendor/` unless JSR answers or it is filled already; returns where @std comes from. */
async function ensureStd(): Promise<string> {
  const versions = await stdVersions();
  const filled = await Promise.all(
    [...versions].map(([name, version]) => hasStd(name, version)),
  );
  if (filled.every(Boolean)) return "vendor";
  if (await jsrAnswers()) return "jsr";
  say(`JSR does not answer: taking the standard library from npm (${STD.npm}@${STD.version})`);
  try {
    await seedStd(versions);
  } catch (cause) {
    throw new Error(
      `Cannot get the standard library: neither JSR nor npm (${STD.npm}@${STD.version}) answers ` +
        `(${(cause as Error).message.split("\n", 1)[0]}). ` +
        "Connect to the network and run the task again.",
      { cause },
    );
  }
  return "npm";
}

/** What a fresh process finds: `null` without an adapter. */
interface Adapter {
  readonly name: string;
  readonly software: boolean;
}

async function findAdapter(): Promise<Adapter | null> {
  const code = "const a = await navigator.gpu?.requestAdapter(); console.log(JSON.stringify(" +
    "a ? { name: a.info.description, software: a.info.isFallbackAdapter } : null));";
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", code],
    stderr: "null",
  }).output();
  return success ? JSON.parse(new TextDecoder().decode(stdout)) : null;
}

/** Whether the Vulkan loader knows a driver; without one, a software adapter is an OpenGL driver. */
async function hasVulkanDriver(): Promise<boolean> {
  if (Deno.env.get("VK_ICD_FILENAMES") || Deno.env.get("VK_DRIVER_FILES")) return true;
  for (
    const folder of [
      "/usr/share/vulkan/icd.d",
      "/etc/vulkan/icd.d",
      "/usr/local/share/vulkan/icd.d",
    ]
  ) {
    try {
      for await (const entry of Deno.readDir(folder)) if (entry.name.endsWith(".json")) return true;
    } catch { /* no such folder */ }
  }
  return false;
}

/** Whether this adapter is good enough: hardware, or Mesa's Vulkan driver on Linux. */
async function isUsable(adapter: Adapter | null): Promise<boolean> {
  if (!adapter) return false;
  return !adapter.software || Deno.build.os !== "linux" || await hasVulkanDriver();
}

async function run(command: string, args: string[]): Promise<boolean> {
  const { success, stderr } = await new Deno.Command(command, {
    args,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    const lines = new TextDecoder().decode(stderr).trim().split("\n").slice(-3);
    for (const line of lines) say(`${command}: ${line}`);
  }
  return success;
}

/** `/etc/os-release` as a record, empty where there is none. */
async function osRelease(): Promise<Record<string, string>> {
  const text = await Deno.readTextFile("/etc/os-release").catch(() => "");
  return Object.fromEntries(
    [...text.matchAll(/^([A-Z_]+)="?([^"\n]*)"?$/gm)].map(([, key, value]) => [key, value]),
  );
}

/** The mirror and key that this machine's apt already uses for a suite, as `deb` line parts. */
async function mirrorOf(suite: string): Promise<{ uri: string; options: string } | null> {
  const texts = [await Deno.readTextFile("/etc/apt/sources.list").catch(() => "")];
  try {
    for await (const entry of Deno.readDir("/etc/apt/sources.list.d")) {
      if (!/\.(list|sources)$/.test(entry.name)) continue;
      texts.push(await Deno.readTextFile(`/etc/apt/sources.list.d/${entry.name}`).catch(() => ""));
    }
  } catch { /* no such folder */ }
  const isSuite = (word: string) => word === suite;
  for (const text of texts) {
    for (
      const [, , options, uri, name] of text.matchAll(/^(deb)\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)/gm)
    ) {
      if (isSuite(name)) return { uri, options: options ?? "" };
    }
    for (const stanza of text.split(/\n\s*\n/)) {
      const field = (key: string) => new RegExp(`^${key}:\\s*(.+)$`, "mi").exec(stanza)?.[1].trim();
      const uri = field("URIs")?.split(/\s+/)[0];
      if (!uri || !field("Suites")?.split(/\s+/).some(isSuite)) continue;
      const key = field("Signed-By");
      return { uri, options: key?.startsWith("/") ? `[signed-by=${key}] ` : "" };
    }
  }
  return null;
}

/** Installs Mesa's software Vulkan driver with apt, leaving `/etc/apt` and its lists as they are. */
async function installMesa(): Promise<boolean> {
  const { ID, VERSION_CODENAME: suite = "" } = await osRelease();
  // A fresh machine may be upgrading itself, and holds dpkg's lock while it does.
  const wait = ["-o", "DPkg::Lock::Timeout=120"];
  const install = [...wait, "install", "-y", "-qq", "--no-install-recommends"];
  const mirror = ID === "debian" && suite === "bookworm" ? await mirrorOf(suite) : null;
  if (mirror) {
    // Debian 12's own Mesa 22.3 gives less than half the speed of the one in its backports suite.
    const folder = await Deno.makeTempDir({ prefix: "fer-apt-" });
    try {
      await Deno.chmod(folder, 0o755);
      await Deno.mkdir(`${folder}/lists/partial`, { recursive: true });
      const suites = [suite, `${suite}-backports`];
      await Deno.writeTextFile(
        `${folder}/sources.list`,
        suites.map((each) => `deb ${mirror.options}${mirror.uri} ${each} main\n`).join(""),
      );
      const options = [
        "-o",
        `Dir::Etc::SourceList=${folder}/sources.list`,
        "-o",
        "Dir::Etc::SourceParts=/dev/null",
        "-o",
        `Dir::State::Lists=${folder}/lists`,
      ];
      const done = await run("apt-get", [...options, "update", "-qq"]) &&
        await run("apt-get", [...options, ...install, "-t", `${suite}-backports`, ...MESA]);
      if (done) return true;
      say(`${suite}-backports is out of reach: trying ${suite}'s own, slower Mesa`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  return await run("apt-get", ["update", "-qq"]) && await run("apt-get", [...install, ...MESA]);
}

/** The one command that gives each system a WebGPU adapter. */
function howToGetAdapter(): string {
  return [
    "  Debian, Ubuntu:  sudo apt-get install mesa-vulkan-drivers libvulkan1",
    "  Fedora:          sudo dnf install mesa-vulkan-drivers vulkan-loader",
    "  Arch:            sudo pacman -S vulkan-swrast vulkan-icd-loader",
    "  macOS:           softwareupdate --install --all   (Metal comes with macOS)",
    "  Windows:         winget upgrade --all             (Direct3D 12 comes with the graphics driver)",
  ].join("\n");
}

/** Finds an adapter, installing Mesa's software driver where that may be done; returns its name. */
async function ensureAdapter(): Promise<string> {
  let adapter = await findAdapter();
  if (await isUsable(adapter)) return adapter?.name ?? "";
  const { ID = "", ID_LIKE = "" } = await osRelease();
  const mayInstall = Deno.build.os === "linux" && Deno.uid() === 0 &&
    Deno.env.get("FER_NO_INSTALL") !== "1" && /\b(debian|ubuntu)\b/.test(`${ID} ${ID_LIKE}`);
  if (mayInstall) {
    say(`no Vulkan driver: installing Mesa's software Vulkan driver (${MESA.join(", ")})`);
    if (await installMesa()) adapter = await findAdapter();
    if (adapter) say(`WebGPU adapter: ${adapter.name}`);
  } else if (adapter) {
    say(
      `${adapter.name} is an OpenGL driver: it works, slowly. For a faster one:\n` +
        howToGetAdapter(),
    );
  }
  if (adapter) return adapter.name;
  const error = new Error(
    "No WebGPU adapter was found. Install a driver, then run the task again:\n" + howToGetAdapter(),
  );
  error.name = "NoGpuAdapterError";
  throw error;
}

/** Whether what an earlier setup found is still so, as far as a look at a few files tells. */
async function isDone(wanted: string): Promise<boolean> {
  const stamp = await Deno.readTextFile(STAMP).then(JSON.parse).catch(() => null);
  if (stamp?.fingerprint !== wanted) return false;
  if (stamp.std === "jsr") return true;
  const versions = await stdVersions();
  const there = await Promise.all([...versions].map(([name, version]) => hasStd(name, version)));
  return there.every(Boolean);
}

async function setup(): Promise<void> {
  const wanted = await fingerprint();
  if (await isDone(wanted)) return;
  const std = await ensureStd();
  const adapter = await ensureAdapter();
  await Deno.mkdir(VENDOR, { recursive: true });
  const text = JSON.stringify({ fingerprint: wanted, std, adapter }, null, 2) + "\n";
  await Deno.writeTextFile(STAMP, text);
}

const HELP =
  `Install what is missing: a WebGPU driver, the standard library where JSR is out of reach.

Usage: deno task setup [FLAGS]

Flags:
  --help  Show this help

Environment:
  FER_NO_INSTALL=1  Never install system packages`;

async function main(): Promise<number> {
  const [argument] = Deno.args;
  if (argument === "--help" || argument === "-h") {
    Deno.stdout.writeSync(new TextEncoder().encode(HELP + "\n"));
    return 0;
  }
  if (argument !== undefined) {
    const what = argument.startsWith("-") ? "There is no flag" : "Cannot take";
    say(`${what} ${argument}: did you mean --help?`);
    return 2;
  }
  try {
    await setup();
    return 0;
  } catch (error) {
    const { name, message } = error instanceof Error
      ? error
      : { name: "Error", message: `${error}` };
    say(name === "Error" ? message : `${name}: ${message}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main());
