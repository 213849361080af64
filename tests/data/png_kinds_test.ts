import { assertEquals, assertRejects } from "@std/assert";
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

Deno.test("decodeImage() refuses PNG wherever it is cut off or a byte is changed", async () => {
  for (const name of names.filter((each) => each.includes("3x2"))) {
    const bytes = Uint8Array.fromBase64(KINDS[name].file);
    for (let at = 8; at < bytes.length; at++) {
      await assertRejects(() => decodeImage(bytes.subarray(0, at)), TypeError, "cut off");
      const changed = bytes.with(at, bytes[at] ^ 0x10);
      await assertRejects(() => decodeImage(changed), Error, "Cannot decode the image");
    }
  }
});
