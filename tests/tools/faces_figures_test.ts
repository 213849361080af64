import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { readFaceFigures } from "../../tools/faces_figures/figures.ts";
import { facesText, withFigures } from "../../tools/faces_figures/text.ts";
import { MissingFieldError } from "../../tools/model_card/json_fields.ts";
import { withFolder } from "../cli/run_task.ts";

/** What `bench:faces --json` prints, as far as it is read. */
function printed(reader: Record<string, unknown>): Record<string, unknown> {
  return {
    ours: { pictures: 12, medianMs: 20.4, ...reader },
    human: null,
    machine: { adapter: "WebAssembly", cores: 2, date: "2026-11-29T09:10:11Z" },
  };
}

const FIGURES = {
  weights: "abc",
  finding: printed({
    false: 3,
    sizes: [
      { from: 0, to: 0.03, faces: 0, found: 0 },
      { from: 0.03, to: 0.06, faces: 8, found: 6 },
      { from: 0.06, to: 0.12, faces: 10, found: 9 },
      { from: 1 / 3, to: null, faces: 2, found: 2 },
    ],
  }),
  telling: printed({
    expression: {
      ...{ n: 10, found: 9, refused: 1, refusedRight: 1, right: 6, macroF1: 0.5 },
      classes: ["angry", "happy"],
      confusion: [[1, 2, 1], [0, 5, 1]],
    },
  }),
};

async function textOf(figures: unknown): Promise<string> {
  let text = "";
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/faces.json`, JSON.stringify(figures));
    text = facesText(await readFaceFigures(`${folder}/faces.json`));
  });
  return text;
}

Deno.test("facesText() tells what was found by size, and what was told of how many", async () => {
  const text = await textOf(FIGURES);
  // 11 of 12 from 0.06 on; 6 of 10 in all, and of the 8 that were told.
  assertStringIncludes(
    text,
    "| recognizer | from 0.06 | below 0.03 (0) | 0.03 to 0.06 (8) | 0.06 to 0.12 (10) | from 0.33 (2) | false | ms a picture |\n" +
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n" +
      "| this library | 0.917 | - | 0.750 | 0.900 | 1.000 | 3 | 20 |\n",
  );
  assertStringIncludes(text, "| this library | 9 | 1 | 1 | 6 | 0.600 | 0.750 | 0.500 | 20 |\n");
  assertStringIncludes(text, "(WebAssembly, 2 cores, 2026-11-29)");
  assertStringIncludes(
    text,
    "What fails most: angry (1 of 4 right) and happy (5 of 6 right). The most frequent mistakes, as " +
      "the folders have it: angry as happy (2).",
  );
});

Deno.test("readFaceFigures() refuses a file that lacks something", async () => {
  const { finding: _, ...half } = FIGURES;
  await assertRejects(() => textOf(half), MissingFieldError, "finding is missing");
  const noTime = { ...FIGURES, telling: { ...FIGURES.telling, ours: { pictures: 3 } } };
  await assertRejects(() => textOf(noTime), MissingFieldError, "expression is missing");
});

Deno.test("withFigures() puts figures in the place of those that are there", () => {
  const document =
    "before\n\n<!-- figures of faces.json -->\n\nold\n\n<!-- end of figures -->\n\nbehind\n";
  const once = withFigures(document, "new");
  assertEquals(once, document.replace("old", "new"));
  assertEquals(withFigures(once, "new"), once);
  assertThrows(
    () => withFigures("nothing", "new"),
    RangeError,
    "Cannot put figures into a document",
  );
});
