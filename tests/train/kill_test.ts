import { assertEquals } from "@std/assert";
import { readSafetensors, type Safetensors } from "../../src/model.ts";

const CHILD = new URL("./train_child.ts", import.meta.url).pathname;

/** Trains in a folder; kills the process when it has said that it has reached a step. */
async function train(path: string, killAt = Infinity): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-read", "--allow-write", "--allow-env", CHILD, path],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const steps = [...text.matchAll(/step (\d+)/g)].map(([, step]) => Number(step));
    if (steps.some((step) => step >= killAt)) child.kill("SIGKILL");
  }
  return (await child.status).success;
}

async function tensorsOf(path: string): Promise<Safetensors["tensors"]> {
  return readSafetensors(await Deno.readFile(path), path).tensors;
}

Deno.test("a run that is killed at any moment and goes on ends with the same bytes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(await train(`${folder}/whole`), true);
    // Before the first checkpoint, in the middle of an epoch, near the end.
    for (const step of [1, 8, 19]) assertEquals(await train(`${folder}/killed`, step), false);
    assertEquals(await train(`${folder}/killed`), true);
    // The header of last.safetensors holds times; its tensors must be the same.
    assertEquals(
      await tensorsOf(`${folder}/killed/last.safetensors`),
      await tensorsOf(`${folder}/whole/last.safetensors`),
    );
    assertEquals(
      await Deno.readFile(`${folder}/killed/best.safetensors`),
      await Deno.readFile(`${folder}/whole/best.safetensors`),
    );
    const left = [...Deno.readDirSync(`${folder}/killed`)].map(({ name }) => name).toSorted();
    assertEquals(left, [...Deno.readDirSync(`${folder}/whole`)].map(({ name }) => name).toSorted());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
