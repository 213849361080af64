import { assertEquals } from "@std/assert";
import { Generator } from "../../src/random.ts";
import { readSafetensors, type Safetensors } from "../../src/model.ts";

const CHILD = new URL("./train_child.ts", import.meta.url).pathname;

/** How many random moments: a few, or as many as `deno task test:kill` asks for. */
const KILLS = Number(Deno.env.get("KILLS") || 3);

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended just now.
  }
}

/**
 * Trains in a folder; kills the process when it has said that it has reached a step, or after some
 * milliseconds of its life.
 */
async function train(path: string, killAt = Infinity, killAfter = Infinity): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-read", "--allow-write", "--allow-env", CHILD, path],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const timer = Number.isFinite(killAfter) ? setTimeout(() => kill(child), killAfter) : undefined;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const steps = [...text.matchAll(/step (\d+)/g)].map(([, step]) => Number(step));
    if (steps.some((step) => step >= killAt)) child.kill("SIGKILL");
  }
  const { success } = await child.status;
  clearTimeout(timer);
  return success;
}

async function tensorsOf(path: string): Promise<Safetensors["tensors"]> {
  return readSafetensors(await Deno.readFile(path), path).tensors;
}

async function assertSame(killed: string, whole: string): Promise<void> {
  // The header of last.safetensors holds times; its tensors must be the same.
  assertEquals(
    await tensorsOf(`${killed}/last.safetensors`),
    await tensorsOf(`${whole}/last.safetensors`),
  );
  assertEquals(
    await Deno.readFile(`${killed}/best.safetensors`),
    await Deno.readFile(`${whole}/best.safetensors`),
  );
  const left = [...Deno.readDirSync(killed)].map(({ name }) => name).toSorted();
  assertEquals(left, [...Deno.readDirSync(whole)].map(({ name }) => name).toSorted());
}

Deno.test("a run that is killed at any moment and goes on ends with the same bytes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(await train(`${folder}/whole`), true);
    // Before the first checkpoint, in the middle of an epoch, near the end.
    for (const step of [1, 8, 19]) assertEquals(await train(`${folder}/killed`, step), false);
    assertEquals(await train(`${folder}/killed`), true);
    await assertSame(`${folder}/killed`, `${folder}/whole`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test(`kill -9 at random moments (${KILLS}) changes no byte of where a run ends`, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const started = performance.now();
    assertEquals(await train(`${folder}/whole`), true);
    const whole = performance.now() - started;
    const generator = new Generator(9);
    let killed = 0;
    for (let i = 0; i < KILLS; i++) {
      // From before the first line of the program to after its last.
      const after = generator.uniform(0, whole);
      if (!await train(`${folder}/killed`, Infinity, after)) killed++;
      assertEquals(await train(`${folder}/killed`), true, `killed after ${Math.round(after)} ms`);
      await assertSame(`${folder}/killed`, `${folder}/whole`);
      await Deno.remove(`${folder}/killed`, { recursive: true });
    }
    // A run may have been faster than the first one, but not each of them.
    assertEquals(killed > 0, true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
