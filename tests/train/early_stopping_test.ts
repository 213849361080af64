import { assertEquals } from "@std/assert";
import { EarlyStopping } from "../../src/train/early_stopping.ts";

Deno.test("EarlyStopping stops after as many epochs without improvement as its patience", () => {
  const stopping = new EarlyStopping(2);
  assertEquals([3, 2, 2.5, 1, 1, 1].map((loss) => stopping.step(loss)), [
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
});

Deno.test("EarlyStopping never stops with an infinite patience", () => {
  const stopping = new EarlyStopping(Infinity);
  assertEquals([1, 1, 1, 1].some((loss) => stopping.step(loss)), false);
});
