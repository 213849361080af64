import { assertEquals } from "@std/assert";
import { messageOf } from "../../src/files/errors.ts";

Deno.test("messageOf() keeps what a damaged file has put into a message out of a terminal", () => {
  const error = new SyntaxError(
    "Unexpected token 'A', \"A\n\u0001\u001b[31m.2\u200f\"... is not JSON",
  );
  assertEquals(messageOf(error), "Unexpected token 'A', \"A [31m.2 \"... is not JSON");
  assertEquals(messageOf("plain"), "plain");
});
