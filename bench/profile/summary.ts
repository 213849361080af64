/**
 * Dispatches added up: by program, by product, by what they are for.
 *
 * @module
 */
import type { Context, Operation } from "./operations.ts";
import type { Dispatch } from "./recorder.ts";

/** What programs are for. */
export type Group =
  | "products"
  | "transforms"
  | "BatchNorm"
  | "pooling"
  | "optimizer"
  | "loss"
  | "upload"
  | "other";

/** Programs added up. */
export interface Totals {
  /** How often they ran. */
  readonly dispatches: number;
  /** Their time. */
  readonly milliseconds: number;
  /** Multiplications and additions in products, billions; 0 where it is none. */
  readonly gflop: number;
  /** Every buffer that they bind, read or written once, in billions of bytes. */
  readonly gigabytes: number;
}

/** A program, for one purpose. */
export interface ProgramTotals extends Totals {
  readonly group: Group;
  /** The product that it computes, if it does. */
  readonly operation: string | null;
  readonly program: string;
}

/** A group of programs. */
export interface GroupTotals extends Totals {
  readonly group: Group;
}

/** A product of the network. */
export interface ProductTotals {
  readonly name: string;
  /** As a direct product needs them, in billions: rates by these are effective ones. */
  readonly gflop: number;
  readonly milliseconds: number;
  /** The products themselves. */
  readonly product: Totals;
  /** What is transformed before and after, and sums of parts. */
  readonly transforms: Totals;
}

/** A pass. */
export interface Summary {
  readonly milliseconds: number;
  readonly dispatches: number;
  readonly groups: readonly GroupTotals[];
  readonly products: readonly ProductTotals[];
  readonly programs: readonly ProgramTotals[];
  /** The share of the time in which no product is computed or transformed for. */
  readonly outsideProducts: number;
}

const NOTHING: Totals = { dispatches: 0, milliseconds: 0, gflop: 0, gigabytes: 0 };

const isProduct = (program: string) => /^matMul|^convolution|^single-channel/.test(program);

const BY_NAME: readonly (readonly [RegExp, Group])[] = [
  [/^batch |^folding/, "BatchNorm"],
  [/pool/i, "pooling"],
  [/^AdamW|^Muon|^weight average|^gradient norm/, "optimizer"],
  [/^cross-entropy/, "loss"],
  [/^bytes/, "upload"],
];

function groupOf({ program, context }: Dispatch): Group {
  const { phase, operation } = context as Context;
  if (phase !== "passes") return "optimizer";
  if (operation) return isProduct(program) ? "products" : "transforms";
  return BY_NAME.find(([pattern]) => pattern.test(program))?.[1] ?? "other";
}

/** `TransposeProgram` of tfjs says who made it. */
const nameOf = (program: string): string =>
  /^[A-Z]\w*Program\w*$/.test(program) ? `tfjs ${program.replace("Program", "")}` : program;

/** Multiplications and additions of the product programs of an operation. */
function flopOf(operation: Operation, programs: readonly string[]): number {
  for (const program of programs) {
    const tile = program.match(/^Winograd F\((\d)\)/)?.[1];
    if (tile) return operation.winogradFlop(Number(tile));
  }
  return operation.flop;
}

/**
 * Bytes that each dispatch of an operation moves.
 *
 * An operation that works through its images in parts binds all of them for each: what comes from
 * elsewhere or goes elsewhere is shared out among the dispatches of a program by their workgroups.
 * What lies between is made and used anew by each, the last part less of it.
 */
function bytesOf(dispatches: readonly Dispatch[]): number[] {
  const [read, written] = [new Set<GPUBuffer>(), new Set<GPUBuffer>()];
  const workgroups = new Map<string, { sum: number; most: number }>();
  for (const { program, bindings, workgroups: count } of dispatches) {
    for (const { buffer, access } of bindings) {
      if (access !== "write") read.add(buffer);
      if (access !== "read") written.add(buffer);
    }
    const { sum, most } = workgroups.get(program) ?? { sum: 0, most: 0 };
    workgroups.set(program, { sum: sum + count, most: Math.max(most, count) });
  }
  return dispatches.map(({ program, bindings, workgroups: count }) => {
    const { sum, most } = workgroups.get(program) ?? { sum: count, most: count };
    return bindings.reduce((bytes, { buffer, access }) => {
      const isBetween = read.has(buffer) && written.has(buffer);
      return bytes + buffer.size * (access === "both" ? 2 : 1) * count / (isBetween ? most : sum);
    }, 0);
  });
}

function plus(a: Totals, b: Totals): Totals {
  return {
    dispatches: a.dispatches + b.dispatches,
    milliseconds: a.milliseconds + b.milliseconds,
    gflop: a.gflop + b.gflop,
    gigabytes: a.gigabytes + b.gigabytes,
  };
}

const byTime = (a: { milliseconds: number }, b: { milliseconds: number }) =>
  b.milliseconds - a.milliseconds;

/**
 * Adds up the dispatches of a pass.
 *
 * @param dispatches What a recorder gave; their contexts are those of `Operations`.
 */
export function summarize(dispatches: readonly Dispatch[]): Summary {
  const programs = new Map<string, ProgramTotals>();
  const products = new Map<string, ProductTotals>();
  // Dispatches of one call lie together; one that is part of none stands for itself.
  for (let from = 0; from < dispatches.length;) {
    const { operation } = dispatches[from].context as Context;
    let to = from + 1;
    const isPart = (each: Dispatch) => (each.context as Context).operation === operation;
    while (operation && to < dispatches.length && isPart(dispatches[to])) to++;
    const call = dispatches.slice(from, to);
    const bytes = bytesOf(call);
    const flop = operation ? flopOf(operation, call.map(({ program }) => program)) : 0;
    const all = call.reduce(
      (sum, { program, workgroups }) => sum + (isProduct(program) ? workgroups : 0),
      0,
    );
    call.forEach((dispatch, i) => {
      const { program, milliseconds, workgroups } = dispatch;
      const totals: Totals = {
        dispatches: 1,
        milliseconds,
        gflop: isProduct(program) ? flop * workgroups / all / 1e9 : 0,
        gigabytes: bytes[i] / 1e9,
      };
      const group = groupOf(dispatch);
      const name = operation?.name ?? null;
      const key = JSON.stringify([group, name, program]);
      const before = programs.get(key);
      programs.set(key, {
        ...plus(before ?? NOTHING, totals),
        group,
        operation: name,
        program: nameOf(program),
      });
      if (!name || (group !== "products" && group !== "transforms")) return;
      const product = products.get(name) ??
        { name, gflop: 0, milliseconds: 0, product: NOTHING, transforms: NOTHING };
      const part = group === "products" ? "product" : "transforms";
      products.set(name, {
        ...product,
        gflop: product.gflop + (i === 0 && operation ? operation.flop / 1e9 : 0),
        milliseconds: product.milliseconds + milliseconds,
        [part]: plus(product[part], totals),
      });
    });
    from = to;
  }
  const groups = new Map<Group, GroupTotals>();
  for (const program of programs.values()) {
    const { group } = program;
    groups.set(group, { ...plus(groups.get(group) ?? NOTHING, program), group });
  }
  const sum = dispatches.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const inProducts = (["products", "transforms"] as const).reduce(
    (sum, group) => sum + (groups.get(group)?.milliseconds ?? 0),
    0,
  );
  return {
    milliseconds: sum,
    dispatches: dispatches.length,
    groups: [...groups.values()].sort(byTime),
    products: [...products.values()],
    programs: [...programs.values()].sort(byTime),
    outsideProducts: sum > 0 ? 1 - inProducts / sum : 0,
  };
}

/**
 * Of several recordings of one pass, the median time of each dispatch.
 *
 * @param recordings One or more. Those of another length than the last are left out.
 */
export function medianOf(recordings: readonly (readonly Dispatch[])[]): Dispatch[] {
  const last = recordings[recordings.length - 1];
  const alike = recordings.filter(({ length }) => length === last.length);
  return last.map((dispatch, i) => {
    const times = alike.map((recording) => recording[i].milliseconds).sort((a, b) => a - b);
    return { ...dispatch, milliseconds: times[Math.floor((times.length - 1) / 2)] };
  });
}
