import { assertEquals, assertMatch } from "@std/assert";
import { answer } from "../../examples/webcam/answer.ts";

const FILES = new Map([["/", { type: "text/html", body: new TextEncoder().encode("<p>page") }]]);

const ask = (path: string, init: RequestInit = {}, host = "127.0.0.1:4850"): Response =>
  answer(new Request(`http://127.0.0.1:4850${path}`, { ...init, headers: { host } }), FILES);

Deno.test("answer() gives a file under a policy that lets nothing out", async () => {
  const response = ask("/");
  assertEquals(response.status, 200);
  assertEquals(await response.text(), "<p>page");
  const policy = response.headers.get("content-security-policy") ?? "";
  const rules = new Map(
    policy.split("; ").map((rule) => {
      const [name, ...sources] = rule.split(" ");
      return [name, sources.join(" ")];
    }),
  );
  assertEquals(rules.get("default-src"), "'none'");
  assertEquals(rules.get("connect-src"), "'self'");
  assertEquals(rules.get("script-src"), "'self' 'wasm-unsafe-eval'");
  assertEquals(rules.get("form-action"), "'none'");
  // No rule names another address.
  assertEquals(/https?:|\*|unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)/.test(policy), false);
});

Deno.test("answer() gives no content where only the head is asked for", async () => {
  const response = ask("/", { method: "HEAD" });
  assertEquals(response.headers.get("content-length"), "7");
  assertEquals(await response.text(), "");
});

Deno.test("answer() refuses other methods, other files and other names", async () => {
  const posted = ask("/", { method: "POST", body: "a frame" });
  assertEquals([posted.status, posted.headers.get("allow")], [405, "GET, HEAD"]);
  assertEquals(ask("/../deno.json").status, 404);
  const rebound = ask("/", {}, "evil.example:4850");
  assertEquals(rebound.status, 403);
  assertMatch(await rebound.text(), /localhost and 127\.0\.0\.1 only/);
  assertEquals(ask("/", {}, "localhost:9").status, 200);
});
