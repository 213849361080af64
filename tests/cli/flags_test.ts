import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  camelCase,
  type Command,
  helpText,
  kebabCase,
  parseFlags,
  UsageError,
} from "../../cli/flags.ts";

const COMMAND = {
  name: "bake",
  about: "Bakes.",
  operands: "[FILE...]",
  flags: {
    "batch-size": { kind: "integer", value: "N", min: 1, default: 64, about: "Loaves at once" },
    lr: { kind: "number", value: "RATE", above: 0, default: 0.001, about: "Heat" },
    share: { kind: "number", value: "S", min: 0, below: 1, about: "Salt", otherwise: "to taste" },
    monitor: { kind: "choice", choices: ["f1", "loss"], default: "f1", about: "What to watch" },
    data: { kind: "string", value: "PATH", about: "Flour" },
    quiet: { kind: "boolean", about: "No noise" },
    "no-photos": { kind: "boolean", about: "No pictures" },
  },
  examples: ["deno task bake --lr 0.1"],
} as const satisfies Command;

const read = (...args: string[]) => parseFlags(COMMAND, args);

function refusal(...args: string[]): string {
  return assertThrows(() => read(...args), UsageError).message;
}

Deno.test("parseFlags() reads --flag value and --flag=value alike", () => {
  for (const args of [["--lr", "0.5", "--batch-size", "8"], ["--lr=0.5", "--batch-size=8"]]) {
    assertEquals(read(...args).given, { lr: 0.5, batchSize: 8 });
  }
});

Deno.test("parseFlags() takes a dash for a value where a flag needs one", () => {
  const { given, operands } = read("--data", "-", "--quiet", "-", "--", "--data", "-");
  assertEquals([given, operands], [{ data: "-", quiet: true }, ["-", "--data", "-"]]);
});

Deno.test("parseFlags() tells what was given from what is by default", () => {
  const { given, values } = read("--quiet", "--share", "1e-3");
  assertEquals(given, { quiet: true, share: 1e-3 });
  assertEquals<unknown>(
    values,
    {
      batchSize: 64,
      lr: 0.001,
      monitor: "f1",
      quiet: true,
      noPhotos: false,
      debug: false,
      help: false,
      share: 1e-3,
    },
  );
});

Deno.test("parseFlags() keeps other arguments as texts, and all that follows --", () => {
  const { operands, values } = read("007", "--no-photos", "a=b", "--", "--lr", "-x");
  assertEquals(operands, ["007", "a=b", "--lr", "-x"]);
  assertEquals([values.noPhotos, values.lr], [true, 0.001]);
});

Deno.test("parseFlags() takes the last of a flag given twice", () => {
  assertEquals(read("--lr", "1", "--lr=2").values.lr, 2);
});

Deno.test("parseFlags() refuses an unknown flag with the nearest known one", () => {
  for (
    const [arg, nearest] of [
      ["--batchsize=2", "--batch-size"],
      ["--batch_size", "--batch-size"],
      ["--datas", "--data"],
      ["--no-quiet", "--quiet"],
      ["--photos", "--no-photos"],
      ["--hlp", "--help"],
      ["-l", "--lr"],
      ["--constructor", "--monitor"],
    ]
  ) {
    const message = refusal(arg);
    const flag = arg.replace(/=.*/, "");
    assertStringIncludes(message, `There is no flag ${flag}: did you mean ${nearest}?`);
  }
});

Deno.test("parseFlags() refuses a value that is no such number, naming flag, value and range", () => {
  assertEquals(
    refusal("--lr", "nan"),
    'Cannot set --lr to "nan": expected a number above 0',
  );
  assertEquals(
    refusal("--batch-size", "0"),
    'Cannot set --batch-size to "0": expected an integer from 1 up',
  );
  assertEquals(
    refusal("--share=1"),
    'Cannot set --share to "1": expected a number from 0 below 1',
  );
  for (const value of ["", " ", "0x10", "1e999", "Infinity", "-1", "1,000", "0", "--", "1 2"]) {
    refusal(`--lr=${value}`);
  }
  for (const value of ["1.5", "1e400", "9007199254740993", "-3"]) {
    refusal("--batch-size", value);
  }
});

Deno.test("parseFlags() refuses a word that is not a choice", () => {
  assertEquals(
    refusal("--monitor", "los"),
    'Cannot set --monitor to "los": expected f1 or loss, perhaps loss',
  );
});

Deno.test("parseFlags() refuses a flag without its value", () => {
  assertEquals(refusal("--lr"), "Cannot read --lr: it needs a value, RATE");
  assertEquals(refusal("--lr", "--quiet"), "Cannot read --lr: it needs a value, RATE");
  assertEquals(refusal("--monitor"), "Cannot read --monitor: it needs a value, f1 or loss");
  assertEquals(refusal("--data="), "Cannot read --data: it needs a value, PATH");
  refusal("--quiet=maybe");
});

Deno.test("parseFlags() refuses arguments where a task takes none", () => {
  const { operands: _, ...command } = COMMAND;
  const message = assertThrows(() => parseFlags(command, ["x.csv"]), UsageError).message;
  assertEquals(message, 'Cannot take "x.csv": deno task bake takes flags only');
});

Deno.test("parseFlags() looks at nothing else where --help is", () => {
  assertEquals(read("--nonsense", "--help").help, true);
  assertEquals(read("-h").help, true);
  assertEquals(read("--", "--help").help, false);
});

Deno.test("helpText() shows usage, every flag and its default", () => {
  assertEquals(
    helpText(COMMAND),
    `Bakes.

Usage: deno task bake [FILE...] [FLAGS]

Flags:
  --batch-size N     Loaves at once [default: 64]
  --lr RATE          Heat [default: 0.001]
  --share S          Salt [default: to taste]
  --monitor f1|loss  What to watch [default: f1]
  --data PATH        Flour
  --quiet            No noise
  --no-photos        No pictures
  --debug            Show where in the program an error came from
  --help             Show this help

Examples:
  deno task bake --lr 0.1`,
  );
});

Deno.test("camelCase() and kebabCase() undo each other", () => {
  for (const [kebab, camel] of [["batch-size", "batchSize"], ["lr", "lr"], ["a-b-c", "aBC"]]) {
    assertEquals(camelCase(kebab), camel);
    assertEquals(kebabCase(camel), kebab);
  }
});
