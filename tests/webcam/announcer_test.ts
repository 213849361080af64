import { assert, assertEquals } from "@std/assert";
import { Announcer } from "../../examples/webcam/page/announcer.ts";

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

Deno.test("Announcer says news at most once an interval, and then the latest", async () => {
  const said: [number, string][] = [];
  const element = {
    set textContent(text: string) {
      said.push([performance.now(), text]);
    },
    get textContent(): string {
      return said.at(-1)?.[1] ?? "";
    },
  };
  const announcer = new Announcer(element as Element, 200);
  announcer.say("happy", "happy, 90 %");
  announcer.say("happy", "happy, 80 %");
  announcer.say("sad", "sad, 60 %");
  announcer.say("angry", "angry, 50 %");
  announcer.say("angry", "angry, 55 %");
  await wait(600);
  assertEquals(said.map(([, text]) => text), ["happy, 90 %", "angry, 55 %"]);
  assert(said[1][0] - said[0][0] >= 195);

  announcer.say("sad", "sad, 60 %");
  assertEquals(said.length, 3);
  announcer.say("angry", "angry, 70 %");
  announcer.say("sad", "sad, 65 %");
  await wait(400);
  assertEquals(said.length, 3, "what came and went within an interval is no news");
});
