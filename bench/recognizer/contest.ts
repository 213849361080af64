/**
 * The recognizers, each on each of its engines, one after the other in every round: what else the
 * machine does meets all of them alike.
 *
 * @module
 */
import { PeerError, type RunningPeer, startPeer } from "../peers/process.ts";

/** What can compute. */
export const ENGINES = ["wasm", "webgpu"] as const;

/** Who recognizes. */
export const RECOGNIZERS = ["ours", "human"] as const;

type Recognizer = (typeof RECOGNIZERS)[number];

/** Milliseconds of each engine: half of the rounds took less. */
export type Times = Readonly<Record<string, number>>;

/** What came of it. */
export interface Contest {
  /** For each recognizer the time of one face on each of its engines. */
  readonly times: Readonly<Record<Recognizer, Times>>;
  /** For each of our engines what each part takes. */
  readonly parts: Readonly<Record<string, Times>>;
  /** How many times as long human takes, each on its fastest engine; null without human. */
  readonly ratio: number | null;
  /** Names and versions. */
  readonly versions: readonly string[];
  /** Who is missing, and why. */
  readonly missing: readonly string[];
}

const FACE = "one face";
const PARTS = [
  "one face, looking for near ones alone",
  "shrinking the picture",
  "the detector's look at all of it",
  "its closer look",
  "cutting the face out",
  "the expression network",
];

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * Has them recognize.
 *
 * @param rounds How often.
 */
export async function contest(rounds: number): Promise<Contest> {
  const peers: { readonly who: Recognizer; readonly engine: string; readonly peer: RunningPeer }[] =
    [];
  const missing: string[] = [];
  for (const who of RECOGNIZERS) {
    for (const engine of ENGINES) {
      const program = new URL(`${who}.ts`, import.meta.url).pathname;
      try {
        const command = [Deno.execPath(), "run", "-A", "--no-check", program, engine] as const;
        peers.push({ who, engine, peer: await startPeer(`${who} on ${engine}`, command) });
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        missing.push(`${who} on ${engine}: ${error.message}`);
      }
    }
  }
  const found = new Map<string, number[]>();
  const take = async (name: string, peer: RunningPeer, job: string): Promise<void> => {
    const [ms] = await peer.time(job, 0) ?? [];
    if (ms !== undefined) found.set(name, [...found.get(name) ?? [], ms]);
  };
  try {
    // The first two warm up.
    for (let round = -2; round < rounds; round++) {
      if (round === 0) found.clear();
      for (const { who, engine, peer } of peers) {
        await take(`${who} ${engine} ${FACE}`, peer, FACE);
        for (const part of who === "ours" ? PARTS : []) await take(`${engine} ${part}`, peer, part);
      }
    }
  } finally {
    for (const { peer } of peers) await peer.end();
  }
  const timeOf = (name: string): number => median(found.get(name) ?? []);
  const timesOf = (who: Recognizer): Times =>
    Object.fromEntries(
      peers.filter((each) => each.who === who)
        .map(({ engine }) => [engine, timeOf(`${who} ${engine} ${FACE}`)]),
    );
  const times = { ours: timesOf("ours"), human: timesOf("human") };
  const fastest = (each: Times): number => Math.min(...Object.values(each));
  const ratio = fastest(times.human) / fastest(times.ours);
  return {
    times,
    parts: Object.fromEntries(
      Object.keys(times.ours).map((engine) => [
        engine,
        Object.fromEntries(PARTS.map((part) => [part, timeOf(`${engine} ${part}`)])),
      ]),
    ),
    ratio: Number.isFinite(ratio) ? ratio : null,
    versions: peers.map(({ peer }) => peer.version),
    missing,
  };
}
