/**
 * A profile for people.
 *
 * @module
 */
import { NONE, number, type Table, type TableForm, tableLines } from "../table.ts";
import type { NetworkName } from "./network.ts";
import type { Method } from "./recorder.ts";
import type { Roofline } from "./roofline.ts";
import type { Summary, Totals } from "./summary.ts";

/** A pass: what its programs take, and what it takes as a whole. */
export interface PassProfile extends Summary {
  /** Images. */
  readonly batch: number;
  /** Height and width of the images. */
  readonly size: number;
  /** Milliseconds of the pass as a whole, not recorded: least and median. */
  readonly wall: { readonly leastMs: number; readonly medianMs: number };
}

/** A training step of another size. */
export interface GrowthPoint {
  /** What departs from the recipe. */
  readonly what: "batch" | "width" | "size";
  /** The batch, what filters are multiplied with, or height and width of the images. */
  readonly value: number;
  /** Images of the step. */
  readonly batch: number;
  /** Milliseconds of a step as a whole; null where it does not fit the adapter. */
  readonly leastMs: number | null;
  /** Billions of multiplications and additions, as direct products need them. */
  readonly gflop: number | null;
}

/** All that was measured. */
export interface Profile {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly quick: boolean;
  readonly network: NetworkName;
  /** Trained weights. */
  readonly parameters: number;
  readonly method: Method;
  readonly roofline: Roofline;
  readonly trainStep: PassProfile;
  readonly inference: readonly PassProfile[];
  readonly growth: readonly GrowthPoint[];
}

/** Programs below this share of a pass are shown together. */
const LEAST_SHARE = 0.005;

const percent = (share: number) => `${number(100 * share)} %`;
const rate = (amount: number, milliseconds: number) =>
  amount > 0 && milliseconds > 0 ? number(amount / milliseconds * 1e3) : NONE;
const some = (amount: number) => amount > 0 ? number(amount) : NONE;

/** The share of what the roofline allows programs of this many operations and bytes. */
function ofRoof({ gflop, gigabytes, milliseconds }: Totals, roof: Roofline): string {
  const least = Math.max(gflop / roof.gflopPerSecond, gigabytes / roof.gigabytesPerSecond) * 1e3;
  return milliseconds > 0 && least > 0 ? percent(least / milliseconds) : NONE;
}

function groupTable({ groups, milliseconds }: PassProfile): Table {
  return {
    heading: "Where the time goes",
    rows: [
      ["programs for", "dispatches", "ms", "share", "GB", "GB/s"],
      ...groups.map((each) => [
        each.group,
        `${each.dispatches}`,
        number(each.milliseconds),
        percent(each.milliseconds / milliseconds),
        some(each.gigabytes),
        rate(each.gigabytes, each.milliseconds),
      ]),
    ],
  };
}

function productTable({ products }: PassProfile, roof: Roofline): Table {
  return {
    heading: "Products: GFLOP as direct products need them, and those that are computed",
    rows: [
      [
        "product",
        "GFLOP",
        "ms",
        "GFLOP/s",
        "computed",
        "in ms",
        "GFLOP/s",
        "of roof",
        "around it ms",
        "GB/s",
      ],
      ...products.map(({ name, gflop, milliseconds, product, transforms }) => [
        name,
        number(gflop),
        number(milliseconds),
        rate(gflop, milliseconds),
        number(product.gflop),
        number(product.milliseconds),
        rate(product.gflop, product.milliseconds),
        ofRoof(product, roof),
        transforms.dispatches > 0 ? number(transforms.milliseconds) : NONE,
        rate(transforms.gigabytes, transforms.milliseconds),
      ]),
    ],
  };
}

function programTable({ programs, milliseconds }: PassProfile, roof: Roofline): Table {
  const isShown = (each: Totals) => each.milliseconds >= LEAST_SHARE * milliseconds;
  const rest = programs.filter((each) => !isShown(each));
  const row = (name: string, what: string, each: Totals) => [
    name,
    what,
    `${each.dispatches}`,
    number(each.milliseconds),
    percent(each.milliseconds / milliseconds),
    some(each.gflop),
    rate(each.gflop, each.milliseconds),
    some(each.gigabytes),
    rate(each.gigabytes, each.milliseconds),
    ofRoof(each, roof),
  ];
  const sum = (pick: (each: Totals) => number) => rest.reduce((all, each) => all + pick(each), 0);
  const together: Totals = {
    dispatches: sum((each) => each.dispatches),
    milliseconds: sum((each) => each.milliseconds),
    gflop: sum((each) => each.gflop),
    gigabytes: sum((each) => each.gigabytes),
  };
  return {
    heading: "Programs",
    rows: [
      [
        "program",
        "for",
        "dispatches",
        "ms",
        "share",
        "GFLOP",
        "GFLOP/s",
        "GB",
        "GB/s",
        "of roof",
      ],
      ...programs.filter(isShown).map((each) =>
        row(each.program, each.operation ?? each.group, each)
      ),
      ...(rest.length > 0 ? [row(`${rest.length} others`, "", together)] : []),
    ],
  };
}

function growthTable(points: readonly GrowthPoint[]): Table {
  const names = { batch: "batch", width: "filters times", size: "images of" } as const;
  return {
    heading: "How a training step's time grows",
    rows: [
      ["step of another", "images", "ms", "ms an image", "GFLOP", "GFLOP/s"],
      ...points.map(({ what, value, batch, leastMs, gflop }) => [
        `${names[what]} ${what === "size" ? `${value}x${value}` : value}`,
        `${batch}`,
        leastMs === null ? NONE : number(leastMs),
        leastMs === null ? NONE : number(leastMs / batch),
        gflop === null ? NONE : number(gflop),
        rate(gflop ?? 0, leastMs ?? 0),
      ]),
    ],
  };
}

function pass(title: string, profile: PassProfile, roof: Roofline, form: TableForm): string[] {
  const { batch, size, wall, milliseconds, dispatches, outsideProducts } = profile;
  const images = batch === 1 ? "one image" : `${batch} images`;
  const heading = `${title} of ${images} of ${size}x${size}`;
  const gap = form === "markdown" ? [""] : [];
  return [
    "",
    form === "markdown" ? `### ${heading}` : heading.toUpperCase(),
    ...gap,
    `As a whole ${number(wall.leastMs)} ms at the least, ${
      number(wall.medianMs)
    } ms in the median; ` +
    `its ${dispatches} dispatches ${number(milliseconds)} ms, ` +
    `${percent(outsideProducts)} of that outside the products.`,
    ...[groupTable(profile), productTable(profile, roof), programTable(profile, roof)].flatMap(
      (table) => tableLines(table, form),
    ),
  ];
}

/**
 * A profile in words.
 *
 * @param profile What was measured.
 * @param form Plain text for a terminal, or Markdown for a page.
 */
export function profileText(profile: Profile, form: TableForm): string {
  const { machine, quick, network, parameters, method, roofline } = profile;
  const { trainStep, inference, growth } = profile;
  return [
    `${machine.date}, ${machine.adapter}, ${machine.cores} cores, Deno ${machine.deno}`,
    ...(quick ? ["A quick run on small work: its times say nothing."] : []),
    ...(form === "markdown" ? [""] : []),
    `${network}, ${parameters.toLocaleString("en-US")} weights, programs timed by ${method}. ` +
    `The adapter copies ${number(roofline.gigabytesPerSecond)} GB/s and computes ` +
    `${number(roofline.gflopPerSecond)} GFLOP/s in registers.`,
    ...pass("Training step", trainStep, roofline, form),
    ...inference.flatMap((each) => pass("Inference", each, roofline, form)),
    ...(growth.length > 0
      ? [
        ...(form === "markdown" ? ["", "### Growth"] : []),
        ...tableLines(growthTable(growth), form),
      ]
      : []),
  ].join("\n");
}
