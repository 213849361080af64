import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runTask, taskCommand, withFolder, writeFaces, writeTinyRecipe } from "./run_task.ts";

Deno.test("train --dashboard says where the page is, and serves it with the task's permissions", async () => {
  await withFolder(async (folder) => {
    await writeFaces(`${folder}/faces.csv`, 70);
    await writeTinyRecipe(`${folder}/tiny.json`, { epochs: 1 });
    const args = ["--recipe", "tiny.json", "--data", "faces.csv", "--run-dir", "run"];
    const child = taskCommand("train", [...args, "--dashboard", "--port", "0"], { cwd: folder })
      .spawn();
    const errors = new Response(child.stderr).text();
    let printed = "";
    let state: { run: { source: string } } | null = null;
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      printed += text;
      const [, url] = /^The dashboard is at (\S+)$/m.exec(printed) ?? [];
      if (url) state ??= await (await fetch(`${url}state.json`)).json();
    }
    assertEquals([(await child.status).code, await errors], [0, ""]);
    assertEquals(state?.run.source, "faces.csv");
    assertMatch(printed, /^epoch 1\/1/m);
    const names = Array.from(Deno.readDirSync(`${folder}/run`), ({ name }) => name);
    assert(!names.some((name) => name.endsWith(".png")), names.join(", "));
  });
});

Deno.test("train --dashboard names a port that is taken, and leaves no folder", async () => {
  await withFolder(async (folder) => {
    await writeFaces(`${folder}/faces.csv`, 70);
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = other.addr as Deno.NetAddr;
    const { code, stderr } = await runTask("train", [
      ...["--data", "faces.csv", "--run-dir", "run", "--dashboard", "--port", String(port)],
    ], { cwd: folder });
    assertEquals(code, 1);
    assertStringIncludes(stderr, `error: Cannot serve the dashboard on port ${port}: another`);
    assertEquals(stderr.trimEnd().split("\n").length, 1);
    assertEquals(await Deno.stat(`${folder}/run`).catch(() => null), null);
  });
});

Deno.test("train --port asks for --dashboard", async () => {
  const { code, stderr } = await runTask("train", ["--port", "4848"]);
  assertEquals([code, stderr], [
    2,
    "error: Cannot use --port without --dashboard, whose port it is\n",
  ]);
});
