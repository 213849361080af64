import { assertEquals, assertMatch } from "@std/assert";
import { hasPretrained } from "../../mod.ts";
import { hasBrowser } from "../chromium.ts";
import { visit } from "./browser.ts";
import { runTask, startTask } from "./task.ts";

Deno.test("the webcam's task tells how it is used", async () => {
  const { code, stdout, stderr } = await runTask(["--help"]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertMatch(stdout, /--model PATH .*\n\s+--port N/);
});

Deno.test("the webcam's task refuses flags that it does not understand", async () => {
  for (
    const [flags, why] of [
      [["--port", "70000"], /^Cannot serve on port 70000: expected an integer from 0 to 65535$/],
      [["--colour"], /--colour/],
      [["--model", ""], /^Cannot load a model: --model is empty$/],
    ] as const
  ) {
    const { code, stdout, stderr } = await runTask(flags);
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertMatch(stderr, why);
  }
});

Deno.test("the webcam's task says that there is no such model", async () => {
  const { code, stdout, stderr } = await runTask(["--model", "nowhere.safetensors"]);
  assertEquals({ code, stdout }, { code: 1, stdout: "" });
  assertEquals(stderr, "Cannot read the model nowhere.safetensors: there is no such file");
});

Deno.test({
  name: "the webcam's task without a model asks for one where the library has none",
  ignore: hasPretrained(),
  fn: async () => {
    const { code, stderr } = await runTask([]);
    assertEquals(code, 2);
    assertMatch(stderr, /^Cannot serve the packaged network: .* Name a model file with --model/);
  },
});

Deno.test({
  name: "the webcam's task serves the library's own network (chromium)",
  ignore: !hasPretrained() || !hasBrowser,
  fn: async () => {
    await using served = await startTask([]);
    await visit(served.url, {}, async (page) => {
      await page.locator("#stage[data-engine]").waitFor();
      assertEquals(await page.locator("#alert").innerText(), "");
    });
  },
});
