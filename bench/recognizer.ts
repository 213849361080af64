/**
 * `deno task bench:recognizer`: how long recognizing the face of a picture takes, on each engine,
 * beside human, and what of it takes how long.
 *
 * The picture is the tests' photograph, enlarged so that its one face is as large as before a
 * webcam, in the middle of 640x480. Times are of what a caller waits for, read-backs included: on
 * WebGPU in Deno none takes less than 10 ms.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { print, runProgram, warn } from "../cli/program.ts";
import { type Contest, contest, ENGINES, RECOGNIZERS } from "./recognizer/contest.ts";
import { HEIGHT, WIDTH } from "./recognizer/webcam_picture.ts";
import { number, type Table, tableLines } from "./table.ts";

const COMMAND = {
  name: "bench:recognizer",
  about: "Time recognizing one face in 640x480, what of it takes how long, and human beside it.",
  flags: {
    rounds: { kind: "integer", value: "N", min: 1, default: 50, about: "Times that each is done" },
    json: { kind: "boolean", about: "Print one JSON object" },
    markdown: { kind: "boolean", about: "Print tables in Markdown" },
  },
  examples: ["deno task bench:recognizer --rounds 20 --json"],
} as const satisfies Command;

/** Times of which the middle one counts. */
const STARTS = 5;

/** Milliseconds from nothing to the first face, in a process of its own. */
async function firstFace(): Promise<number> {
  const program = new URL("recognizer/first_face.ts", import.meta.url).pathname;
  const times: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const began = performance.now();
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-read", program],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    times.push(performance.now() - began);
    if (!success) throw new Error(new TextDecoder().decode(stderr).split("\n", 1)[0]);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(STARTS / 2)];
}

function tablesOf({ times, parts }: Contest): Table[] {
  const cell = (value: number | undefined): string => value === undefined ? "-" : number(value);
  const engines = Object.keys(parts);
  const names = Object.keys(Object.values(parts).at(0) ?? {});
  return [
    {
      heading: `One face in ${WIDTH}x${HEIGHT}, milliseconds`,
      rows: [
        ["", ...ENGINES],
        ...RECOGNIZERS.map((who) => [who, ...ENGINES.map((engine) => cell(times[who][engine]))]),
      ],
    },
    {
      heading: "What of ours takes how long, milliseconds",
      rows: [
        ["", ...engines],
        ...names.map((name) => [name, ...engines.map((engine) => cell(parts[engine][name]))]),
      ],
    },
  ];
}

await runProgram(COMMAND, async ({ rounds, json, markdown }) => {
  const result = await contest(rounds);
  const first = await firstFace();
  const { times, parts, ratio, versions, missing } = result;
  if (json) {
    print(JSON.stringify({ ...times, ratio, parts, first, rounds, versions, missing }));
    return;
  }
  for (const version of versions) print(version);
  for (const each of missing) warn(each);
  for (const table of tablesOf(result)) {
    for (const line of tableLines(table, markdown ? "markdown" : "plain")) print(line);
  }
  if (ratio !== null) {
    print(`human takes ${number(ratio)} times as long, each on its fastest engine`);
  }
  print(`From nothing to the first face: ${number(first)} ms`);
});
