import { assertEquals } from "@std/assert";
import { alikeKey, visibleName } from "../../src/data/alike.ts";

Deno.test("alikeKey() is the same for names that look alike", () => {
  const composed = "caf\u00e9 noir";
  for (
    const name of [
      "cafe\u0301 noir",
      " caf\u00e9 noir ",
      "caf\u00e9  noir",
      "caf\u00e9\u00a0noir",
      "Caf\u00c9 Noir",
      "CAFE\u0301 NOIR",
      "caf\u00e9\u200b noir",
      "\ufeffcaf\u00e9 noir",
      "\uff43\uff41\uff46\u00e9\u3000noir",
    ]
  ) {
    assertEquals(alikeKey(name), alikeKey(composed), JSON.stringify(name));
  }
});

Deno.test("alikeKey() differs where names do", () => {
  const names = ["sad", "sad2", "sa d", "s\u00e4d", "happy"];
  assertEquals(new Set(names.map(alikeKey)).size, names.length);
});

Deno.test("visibleName() keeps case and composes", () => {
  assertEquals(visibleName(" Cafe\u0301\t "), "Caf\u00e9");
});
