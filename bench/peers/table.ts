/**
 * The comparison's results for people: tables in plain text or Markdown.
 *
 * @module
 */
import { NONE, number, type Table, type TableForm, tableLines } from "../table.ts";
import { type Column, COLUMNS, type Results, type Times } from "./results.ts";
import { productJob } from "./work.ts";

/** What is said beside the results. */
export interface Circumstances {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: ReadonlyArray<{ readonly peer: string; readonly why: string }>;
  readonly quick: boolean;
}

const NAMES: Readonly<Record<Column, string>> = {
  ours: "ours",
  stock: "stock tfjs",
  wasm: "tfjs-wasm",
  onnx: "ONNX Runtime",
  pytorch: "PyTorch",
  jax: "jax-js",
};

function mebibytes(bytes: number | null): string {
  return bytes === null ? NONE : number(bytes / 2 ** 20);
}

/** The least time and in brackets the median, of the peer that was fastest. */
function timeCell(results: Results, job: string, column: Column): string {
  const peers: readonly string[] = COLUMNS[column];
  const [best] = results.times.filter((time) => time.job === job && peers.includes(time.peer))
    .toSorted((a, b) => a.minMs - b.minMs);
  return best ? `${number(best.minMs)} (${number(best.medianMs)})` : NONE;
}

const ratio = (value: unknown): string => typeof value === "number" ? number(value) : NONE;

function passTable(results: Results): Table {
  const columns = Object.keys(COLUMNS) as Column[];
  const others = columns.filter((column) => column !== "ours");
  const jobs: readonly (readonly [string, string, Times])[] = [
    ["training step of 64", "trainStep64", results.trainStep64],
    ["forward of 1", "forward1", results.forward1],
    ["forward of 64", "forward64", results.forward64],
  ];
  return {
    heading: "Milliseconds, least (median)",
    rows: [
      ["work", ...columns.map((column) => NAMES[column])],
      ...jobs.flatMap(([name, job, times]) => [
        [name, ...columns.map((column) => timeCell(results, job, column))],
        ["  times ours", "1", ...others.map((column) => ratio(times[`${column}OverOurs`]))],
      ]),
    ],
  };
}

function productTable(results: Results): Table {
  const columns = ["ours", "stock", "pytorch", "jax"] as const;
  return {
    heading: "Products: milliseconds, least (median), and GFLOP/s",
    rows: [
      [
        "product",
        "GFLOP",
        ...columns.flatMap((column) => [NAMES[column], "GFLOP/s"]),
        "stock / ours",
        "PyTorch / ours",
      ],
      ...results.products.map((product) => [
        product.name,
        number(product.gflop),
        ...columns.flatMap((column) => [
          timeCell(results, productJob(product), column),
          ratio(product[`${column}Gflops`]),
        ]),
        ratio(product.stockOverOurs),
        ratio(product.pytorchOverOurs),
      ]),
    ],
  };
}

function memoryTable({ memory }: Results): Table {
  return {
    heading: "GPU memory after training steps, MiB",
    rows: [
      ["", "ours", "stock tfjs", "stock / ours"],
      [
        "allocated",
        mebibytes(memory.oursBytes),
        mebibytes(memory.stockBytes),
        ratio(memory.stockOverOurs),
      ],
      [
        "of tensors",
        mebibytes(memory.oursTensorBytes),
        mebibytes(memory.stockTensorBytes),
        ratio((memory.stockTensorBytes ?? NaN) / (memory.oursTensorBytes ?? NaN) || null),
      ],
    ],
  };
}

/**
 * The results in words.
 *
 * @param results The results.
 * @param circumstances Machine, versions, who is missing.
 * @param form Plain text for a terminal, or Markdown for a page.
 */
export function tablesOf(
  results: Results,
  circumstances: Circumstances,
  form: TableForm,
): string {
  const { machine, versions, missing, quick } = circumstances;
  const item = form === "plain" ? "  " : "- ";
  return [
    `${machine.date}, ${machine.adapter}, ${machine.cores} cores, Deno ${machine.deno}`,
    ...(quick
      ? ["A quick run on small work: it shows that all works, its times say nothing."]
      : []),
    ...(form === "markdown" ? [""] : []),
    ...Object.entries(versions).map(([peer, version]) => `${item}${peer}: ${version}`),
    ...missing.map(({ peer, why }) => `${item}${peer} is missing: ${why}`),
    ...[passTable(results), productTable(results), memoryTable(results)].flatMap((table) =>
      tableLines(table, form)
    ),
  ].join("\n");
}
