/**
 * `fer doctor`: whether this machine can train, and what to do where it cannot.
 *
 * @module
 */
import { NoGpuAdapterError, useWebGpu, type WebGpu } from "../mod.ts";
import { chooseEngine } from "../src/engine/choice.ts";
import { looksLikeOpenGl } from "../src/gpu/adapter.ts";
import { candidatesOf, defaultCandidate, fitted } from "../src/kernels/candidates.ts";
import type { ProductCandidate } from "../src/kernels/product.ts";
import { subgroupsOf } from "../src/kernels/subgroups.ts";
import { buildFerCnn, largestBatch } from "../src/model.ts";
import manifest from "../deno.json" with { type: "json" };
import { isCalledAsFer } from "./called.ts";
import { driverVersion } from "./driver.ts";
import type { Command } from "./flags.ts";
import { count } from "./numbers.ts";
import { defineProgram, EXIT, print, type Program } from "./program.ts";
import { selfTest, type SelfTestResult } from "./self_test.ts";
import { DEFAULT_TUNING, resolveTuning } from "./tuning.ts";

const COMMAND = {
  name: "doctor",
  about: "Look at the adapter, its driver and its limits, test every GPU operation that training " +
    "uses,\nand say what to do about what is found. The exit code is 0 only if training can run.",
  flags: {
    json: { kind: "boolean", about: "Print one JSON object" },
  },
  examples: ["deno task doctor"],
} as const satisfies Command;

/** What gives systems that have none an adapter. */
const DRIVERS =
  "apt-get install mesa-vulkan-drivers libvulkan1 on Debian and Ubuntu, dnf install " +
  "mesa-vulkan-drivers vulkan-loader on Fedora, pacman -S vulkan-swrast vulkan-icd-loader on Arch";

/** The batch of the default recipe. */
const RECIPE_BATCH = 64;
/** Bytes of memory below which training on FER-2013 has to swap. */
const LEAST_MEMORY = 2 * 2 ** 30;
const MIB = 2 ** 20;

const LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBuffersPerShaderStage",
] as const;
const FEATURES = ["shader-f16", "timestamp-query"] as const;
/** Seconds from which on an operation is said to have taken long. */
const SLOW = 2;
/** What is there where NVIDIA's kernel module is loaded, in containers too. */
const NVIDIA = "/proc/driver/nvidia";

/** Something found, and what to do about it. */
interface Finding {
  /** Whether training cannot run because of it. */
  readonly fatal: boolean;
  /** What was found. */
  readonly what: string;
  /** What to do. */
  readonly advice: string;
}

/** The machine without its GPU. */
interface Machine {
  readonly os: string;
  readonly cores: number;
  readonly memory: { readonly total: number; readonly available: number };
  readonly versions: Readonly<Record<string, string>>;
}

/** The GPU as WebGPU shows it. */
interface Adapter {
  readonly name: string;
  readonly software: boolean;
  readonly driver: string | null;
  readonly limits: Readonly<Record<string, number>>;
  readonly features: Readonly<Record<string, boolean>>;
  /** Threads of a subgroup, as the kernels use them; 0 where they do without. */
  readonly subgroupSize: number;
  readonly isOpenGl: boolean;
  readonly largestBatch: number;
}

function examineMachine(): Machine {
  const { total, available } = Deno.systemMemoryInfo();
  const packages = Object.entries(manifest.imports).flatMap(([name, target]) => {
    const version = /@(\d+\.\d+\.\d+[\w.-]*)\/?$/.exec(target)?.[1];
    return version ? [[name.replace(/\/$/, ""), version]] : [];
  });
  return {
    os: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    cores: navigator.hardwareConcurrency,
    memory: { total, available },
    versions: {
      Deno: Deno.version.deno,
      [manifest.name]: manifest.version,
      ...Object.fromEntries(packages),
    },
  };
}

async function examineAdapter(gpu: WebGpu, source: GPUAdapter | null): Promise<Adapter> {
  const { limits } = gpu.device;
  const model = buildFerCnn();
  const batch = largestBatch(model, limits.maxStorageBufferBindingSize);
  model.dispose();
  return {
    name: gpu.description,
    software: gpu.isSoftware,
    driver: await driverVersion(source?.info.vendor ?? ""),
    limits: Object.fromEntries(LIMITS.map((name) => [name, limits[name] ?? 0])),
    features: Object.fromEntries(
      FEATURES.map((name) => [name, source?.features.has(name) ?? false]),
    ),
    subgroupSize: subgroupsOf(gpu.device).size,
    isOpenGl: source !== null && looksLikeOpenGl(source.features),
    largestBatch: batch,
  };
}

/** How products are computed on an adapter: by the library's table, and by the one it was tuned to. */
async function candidatesOn(gpu: WebGpu): Promise<ProductCandidate[]> {
  const { limits } = gpu.device;
  const { size: lanes } = subgroupsOf(gpu.device);
  const kind = gpu.isSoftware ? "software" : "hardware";
  const fit = (candidate: ProductCandidate) =>
    fitted(candidate, limits.maxComputeWorkgroupStorageSize);
  const tuned = await resolveTuning("auto", () => {}).catch(() => DEFAULT_TUNING);
  const all = [
    ...candidatesOf((size) => defaultCandidate(kind, size, lanes)),
    ...tuned.products.map(({ candidate }) => candidate),
  ].map(fit);
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
}

function adviseOnMachine({ memory }: Machine): Finding[] {
  if (memory.total >= LEAST_MEMORY) return [];
  return [{
    fatal: false,
    what: `This machine has ${count(Math.round(memory.total / MIB))} MiB of memory`,
    advice: "Training on FER-2013 needs about 2 GiB: lower --batch-size, set --workers 0",
  }];
}

/** What hides a card from Vulkan, if something is known to. */
async function hiddenCard(): Promise<Finding[]> {
  const isThere = await Deno.stat(NVIDIA).then(() => true, () => false);
  if (!isThere) return [];
  return [{
    fatal: false,
    what: `${NVIDIA} is there, so there is an NVIDIA card, but Vulkan does not show it`,
    advice: "In a container, start it with NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility " +
      "(docker run --gpus all -e ...); on the machine itself, install the driver's Vulkan part, " +
      "libnvidia-gl on Debian and Ubuntu",
  }];
}

/** What of the way that wgpu takes to the card makes programs slow to compile. */
function adviseOnCompiler(adapter: Adapter): Finding[] {
  if (adapter.isOpenGl) {
    return [{
      fatal: false,
      what: `${adapter.name} is reached by OpenGL, whose compiler may take minutes`,
      advice: `Install a Vulkan driver: ${DRIVERS}. If DENO_WEBGPU_BACKEND is set, unset it`,
    }];
  }
  const usesFxc = Deno.build.os === "windows" &&
    Deno.env.get("DENO_WEBGPU_DX12_COMPILER")?.toLowerCase() !== "dxc";
  if (!usesFxc || adapter.subgroupSize > 0) return [];
  return [{
    fatal: false,
    what: "On D3D12, Deno compiles with FXC unless told otherwise, which is slow",
    advice: "Set the variable DENO_WEBGPU_DX12_COMPILER to dxc",
  }];
}

async function adviseOnAdapter(adapter: Adapter): Promise<Finding[]> {
  const findings = adviseOnCompiler(adapter);
  const hidden = adapter.software ? await hiddenCard() : [];
  findings.push(...hidden);
  if (adapter.software && hidden.length === 0) {
    findings.push({
      fatal: false,
      what: `${adapter.name} computes on the processor`,
      advice: "Training works, slowly. On a machine with a graphics card, install the card's " +
        "Vulkan driver: mesa-vulkan-drivers for AMD and Intel, nvidia-driver for NVIDIA",
    });
  }
  const mesa = /^Mesa (\d+)/.exec(adapter.driver ?? "");
  if (mesa && adapter.software && Number(mesa[1]) < 25) {
    findings.push({
      fatal: false,
      what: `${adapter.driver} is an old one`,
      advice: "Mesa 25 is about twice as fast: on Debian 12, apt-get install -t " +
        "bookworm-backports mesa-vulkan-drivers; elsewhere, upgrade the system",
    });
  }
  if (adapter.largestBatch < 1) {
    findings.push({
      fatal: true,
      what: "Not even one image fits the adapter's binding limit",
      advice: "Use another adapter",
    });
  } else if (adapter.largestBatch < RECIPE_BATCH) {
    findings.push({
      fatal: false,
      what: `The recipe's batch of ${RECIPE_BATCH} does not fit the adapter's binding limit`,
      advice: `Train with --batch-size ${adapter.largestBatch} or less`,
    });
  }
  return findings;
}

function adviseOnTests(tests: readonly SelfTestResult[]): Finding[] {
  const slow = tests.filter(({ seconds }) => seconds > SLOW);
  const worst = slow.toSorted((a, b) => b.seconds - a.seconds).slice(0, 3);
  const findings: Finding[] = slow.length === 0 ? [] : [{
    fatal: false,
    what: `${count(slow.length)} of ${count(tests.length)} operations took over ${SLOW} s to ` +
      `compile and run, above all ${
        worst.map(({ name, seconds }) => `${name} (${seconds.toFixed(1)} s)`).join(", ")
      }`,
    advice: "Training begins that much later, the first time; if it stays so, update the driver",
  }];
  return [...findings, ...wrongTests(tests)];
}

function wrongTests(tests: readonly SelfTestResult[]): Finding[] {
  return tests.filter(({ passed }) => !passed).map(({ name, error, message }) => ({
    fatal: true,
    what: `The GPU gets this wrong: ${name} (` +
      `${message ?? `it is off by ${error.toExponential(1)} of the largest value`})`,
    advice: "Update the graphics driver and Deno; if it stays, report it with this output",
  }));
}

function printMachine({ os, cores, memory, versions }: Machine): void {
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  print("Machine");
  print(`  ${os}, ${cores} cores`);
  print(`  ${gib(memory.total)} GiB of memory, ${gib(memory.available)} GiB of it free`);
  print("Versions");
  for (const [name, version] of Object.entries(versions)) print(`  ${name} ${version}`);
}

function printAdapter(adapter: Adapter): void {
  print("Adapter");
  print(`  ${adapter.name}, ${adapter.software ? "software" : "hardware"}`);
  print(`  driver: ${adapter.driver ?? "its version could not be found out"}`);
  for (const [name, value] of Object.entries(adapter.limits)) {
    const size = name.endsWith("Size") && value >= MIB
      ? ` (${count(Math.floor(value / MIB))} MiB)`
      : "";
    print(`  ${name}: ${count(value)}${size}`);
  }
  for (const [name, there] of Object.entries(adapter.features)) {
    print(`  ${name}: ${there ? "yes" : "no"}`);
  }
  const { subgroupSize: lanes } = adapter;
  print(`  subgroups as the kernels use them: ${lanes > 0 ? `of ${lanes} threads` : "none"}`);
  print(`  largest batch of the recipe's network: ${count(adapter.largestBatch)}`);
}

/** What a task would compute on, and why; null where it could not. */
interface EngineChoice {
  readonly engine: string | null;
  readonly reason: string;
}

/** What tasks would compute on. */
async function examineEngines(hasAdapter: boolean): Promise<Record<string, EngineChoice>> {
  const { engine, reason } = await chooseEngine({});
  const training = hasAdapter
    ? { engine: "webgpu", reason: "training needs WebGPU" }
    : { engine: null, reason: "training needs WebGPU, and there is no adapter" };
  return { inference: { engine, reason }, training };
}

function printEngines(engines: Readonly<Record<string, EngineChoice>>): void {
  print("Engines");
  for (const [purpose, { engine, reason }] of Object.entries(engines)) {
    print(`  ${purpose}: ${engine ?? "none"}; ${reason}`);
  }
}

function printTest({ name, passed, error, seconds, message }: SelfTestResult): void {
  const time = seconds > SLOW ? `, after ${seconds.toFixed(1)} s` : "";
  const detail = (message ?? `off by ${error.toExponential(1)} of the largest value`) + time;
  print(`  ${passed ? "ok    " : "WRONG "} ${name}: ${detail}`);
}

/** The command. */
export const PROGRAM: Program = defineProgram(COMMAND, async ({ json }) => {
  const machine = examineMachine();
  const findings = adviseOnMachine(machine);
  if (!json) printMachine(machine);

  let adapter: Adapter | null = null;
  let tests: SelfTestResult[] = [];
  try {
    const powerPreference = "high-performance";
    const source = await navigator.gpu?.requestAdapter({ powerPreference });
    const gpu = await useWebGpu({ powerPreference });
    adapter = await examineAdapter(gpu, source ?? null);
    findings.push(...await adviseOnAdapter(adapter));
    if (!json) {
      printAdapter(adapter);
      print("Self-test: each operation on the GPU and on the processor");
    }
    tests = await selfTest(gpu, await candidatesOn(gpu), json ? undefined : printTest);
    findings.push(...adviseOnTests(tests));
    gpu.dispose();
  } catch (error) {
    if (!(error instanceof NoGpuAdapterError)) throw error;
    findings.push({
      fatal: true,
      what: "There is no WebGPU adapter",
      advice: isCalledAsFer()
        ? `Install a driver: ${DRIVERS}`
        : "Run deno task setup: it installs a driver, or names the command that does",
    });
  }

  const engines = await examineEngines(adapter !== null);
  if (!json) printEngines(engines);

  const canTrain = findings.every(({ fatal }) => !fatal);
  if (json) {
    print(JSON.stringify({ canTrain, engines, ...machine, adapter, tests, findings }));
  } else {
    print(findings.length > 0 ? "Found" : "Found nothing to mend");
    for (const { what, advice } of findings) print(`  ${what}.\n    ${advice}.`);
    print(canTrain ? "Training can run." : "Training cannot run.");
  }
  return canTrain ? EXIT.ok : EXIT.failed;
});

if (import.meta.main) await PROGRAM.run(Deno.args);
