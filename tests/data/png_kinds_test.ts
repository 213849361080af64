import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decodeImage } from "../../src/data.ts";

const KINDS: Readonly<Record<string, { file: string; pixels: string }>> = JSON.parse(
  Deno.readTextFileSync(new URL("png_kinds.json", import.meta.url)),
);
const names = Object.keys(KINDS);

for (const name of names.filter((each) => each.includes("13x11"))) {
  Deno.test(`decodeImage() reads PNG of ${name} as Pillow does, at any size`, async () => {
    for (const size of ["1x1", "3x2", "13x11"]) {
      const { file, pixels } = KINDS[name.replace("13x11", size)];
      const { data } = await decodeImage(Uint8Array.fromBase64(file));
      assertEquals([...data], [...Uint8Array.fromBase64(pixels)], size);
    }
  });
}

Deno.test("decodeImage() refuses PNG that is cut off or of which a byte is changed, or reads it right", async () => {
  let refused = 0;
  for (const name of names.filter((each) => each.includes("3x2"))) {
    const bytes = Uint8Array.fromBase64(KINDS[name].file);
    const expected = [...Uint8Array.fromBase64(KINDS[name].pixels)];
    for (let at = 8; at < bytes.length; at++) {
      for (const damaged of [bytes.subarray(0, at), bytes.with(at, bytes[at] ^ 0x10)]) {
        const outcome = await decodeImage(damaged).catch((error: Error) => error);
        if (outcome instanceof Error) {
          assertStringIncludes(outcome.message, "Cannot decode the image");
          refused++;
        } else {
          assertEquals([...outcome.data], expected, `${name} at byte ${at}`);
        }
      }
    }
  }
  // Most of a file is needed for its picture.
  assert(refused > 2000, `${refused}`);
});
