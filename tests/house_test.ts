import { assertEquals } from "@std/assert";

const SRC = new URL("../src/", import.meta.url).pathname;

/** A file of `src/`. */
interface SourceFile {
  /** Its path in `src/`. */
  readonly path: string;
  readonly text: string;
  /** Its code: comments and texts left out. */
  readonly code: string;
  /** The files of `src/` that it imports or exports from, types included. */
  readonly imports: readonly string[];
}

/** Folds `a/b/../c` into `a/c`. */
function resolved(from: string, to: string): string {
  return new URL(to, `file:///${from}`).pathname.slice(1);
}

function filesIn(folder: string): SourceFile[] {
  return [...Deno.readDirSync(`${SRC}${folder}`)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}${name}`;
    if (isDirectory) return filesIn(`${path}/`);
    if (!name.endsWith(".ts")) return [];
    const text = Deno.readTextFileSync(`${SRC}${path}`);
    const code = text.replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
    const found = code.matchAll(/(?:from\s+|import\()"(\.[^"]+)"/g);
    return [{ path, text, code, imports: [...found].map(([, to]) => resolved(path, to)) }];
  });
}

const FILES: readonly SourceFile[] = filesIn("");
const BY_PATH = new Map(FILES.map((file) => [file.path, file]));

/** A way from a file back to itself; none where there is no circle. */
function circle(file: SourceFile, way: readonly string[], done: Set<string>): string[] | null {
  if (way.includes(file.path)) return [...way.slice(way.indexOf(file.path)), file.path];
  if (done.has(file.path)) return null;
  for (const to of file.imports) {
    const next = BY_PATH.get(to);
    const found = next && circle(next, [...way, file.path], done);
    if (found) return found;
  }
  done.add(file.path);
  return null;
}

Deno.test("imports in src go in no circle, those of types included", () => {
  const done = new Set<string>();
  for (const file of FILES) assertEquals(circle(file, [], done), null);
});

Deno.test("no file of src has more than 450 lines", () => {
  const long = FILES.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > 450);
  assertEquals(long, []);
});

Deno.test("no class of src has more than 15 fields", () => {
  const large = FILES.flatMap(({ path, code }) =>
    [...code.matchAll(/^(?:export )?(?:abstract )?class (\w+)[^]*?^}/gm)].flatMap(
      ([body, name]) => {
        const fields = body.match(
          /^ {2}(?:static |readonly |protected |override )*#?\w+[?!]?(?: =|:)/gm,
        );
        return (fields?.length ?? 0) > 15 ? [`${name} in ${path}: ${fields?.length}`] : [];
      },
    )
  );
  assertEquals(large, []);
});

Deno.test("operations alone ask who computes", () => {
  const asking = FILES.filter(({ code }) => /\bhavePrograms\b/.test(code)).map(({ path }) => path);
  assertEquals(asking.sort(), ["kernels/programs.ts", "ops/operation.ts"]);
});

Deno.test("nothing in src prints, exits or draws numbers that no seed gives", () => {
  const forbidden = /\bconsole\.|\bDeno\.exit\b|\bMath\.random\b/;
  const found = FILES.filter(({ path, code }) =>
    // What runs in the dashboard's page has the page's own console; the engine listens to tfjs's.
    forbidden.test(code) && !path.startsWith("dashboard/client/") && path !== "engine/wasm.ts"
  ).map(({ path }) => path);
  assertEquals(found, []);
});

/** What each folder may know of: itself, and these. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  gpu: ["runtime.ts"],
  files: ["runtime.ts"],
  kernels: ["gpu"],
  ops: ["kernels", "model/tensor.ts"],
  transforms: ["emotions.ts", "random.ts"],
  metrics: ["random.ts"],
};

for (const [folder, known] of Object.entries(FLOORS)) {
  Deno.test(`src/${folder} knows of nothing above it`, () => {
    const above = FILES.filter(({ path }) => path.startsWith(`${folder}/`)).flatMap((file) =>
      file.imports.filter((to) =>
        ![folder, ...known].some((each) => to === each || to.startsWith(`${each}/`))
      ).map((to) => `${file.path} imports ${to}`)
    );
    assertEquals(above, []);
  });
}

Deno.test("data, transforms, model and metrics know of nothing that trains or shows", () => {
  const upper = /^(train|runs|report|dashboard|recognizer|export|explain|evaluate|predict)[/.]/;
  const found = FILES.filter(({ path }) =>
    /^(data|transforms|model|metrics|ops|kernels)[/.]/.test(path)
  )
    .flatMap((file) =>
      file.imports.filter((to) => upper.test(to)).map((to) => `${file.path}: ${to}`)
    );
  assertEquals(found, []);
});

/** Doors of folders: they only export what is behind them. */
const DOORS = FILES.filter(({ path }) =>
  !path.includes("/") &&
  FILES.some((file) => file.path.startsWith(path.replace(/\.ts$/, "/")))
);

Deno.test("doors have no code", () => {
  const busy = DOORS.filter(({ code }) =>
    code.replace(/export (?:type )?(?:\*|\{[^}]*\}) from "[^"]+";/g, "").trim() !== ""
  ).map(({ path }) => path);
  assertEquals(busy, []);
});
