import { assertEquals, assertStringIncludes } from "@std/assert";
import { LabelProgress, rateText } from "../../../cli/label/label_progress.ts";
import { summaryLines } from "../../../cli/label/label_summary.ts";

/** A display on a made-up terminal or pipe, whose clock stands until it is moved. */
function display(isTerminal: boolean) {
  const output = {
    text: "",
    time: 1000,
    isTerminal,
    columns: () => 100,
    now: () => output.time,
    write(text: string) {
      output.text += text;
    },
  };
  const progress = new LabelProgress(output);
  progress.start();
  return { output, progress };
}

Deno.test("LabelProgress writes a line now and then where there is no terminal", () => {
  const { output, progress } = display(false);
  progress.total = 1200;
  output.time += 14_000;
  progress.update(70, 0, 0);
  assertEquals(output.text, "");
  output.time += 6_000;
  progress.update(100, 100, 1);
  // 100 in 20 s; 1,200 less 200.
  assertEquals(output.text, "200/1,200 pictures  5.0 images/s  1 error  ETA 3:20\n");
});

Deno.test("LabelProgress tells neither total nor end where they are not known", () => {
  const { output, progress } = display(false);
  output.time += 20_000;
  progress.update(3000, 0, 2);
  assertEquals(output.text, "3,000 pictures  150 images/s  2 errors\n");
});

Deno.test("LabelProgress goes by how fast it was of late", () => {
  const { output, progress } = display(false);
  progress.total = 10_000;
  // A slow minute, for instance while programs are compiled, then ten a second.
  output.time += 60_000;
  progress.update(10, 0, 0);
  for (let i = 1; i <= 40; i++) {
    output.time += 1000;
    progress.update(10 + 10 * i, 0, 0);
  }
  assertStringIncludes(output.text.split("\n").at(-2) ?? "", "10.0 images/s");
});

Deno.test("LabelProgress shows a bar on a terminal, in a line", () => {
  const { output, progress } = display(true);
  progress.total = 40;
  output.time += 1000;
  progress.update(10, 0, 0);
  assertEquals(
    output.text,
    `\r\x1b[2K[${"=".repeat(8)}${" ".repeat(22)}] 10/40 pictures  10.0 images/s  ETA 0:03`,
  );
});

Deno.test("rateText() has a decimal where it matters", () => {
  assertEquals([0.54, 99.9, 123.4, 1204].map(rateText), [
    ...["0.5 images/s", "99.9 images/s", "123 images/s", "1,204 images/s"],
  ]);
});

Deno.test("summaryLines() tells the sums, the rate and what was passed over", () => {
  assertEquals(
    summaryLines({
      totals: { pictures: 1204, faces: 1, withoutFace: 31, errors: 2 },
      before: 204,
      skipped: { files: 1, unreadable: 2, loops: 0 },
      seconds: 50,
      where: "labels.jsonl",
    }),
    [
      "1,204 pictures in labels.jsonl: 1 face, 31 without a face, 2 errors",
      "1,000 labelled in 0:50, 20.0 images/s; 204 had been there",
      "Passed over: 1 other file, 2 folders that cannot be read",
    ],
  );
});
