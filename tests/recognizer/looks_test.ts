import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { looksAt, SMALLEST_PART } from "../../src/recognizer/looks.ts";

Deno.test("looksAt() takes one look where that shows the smallest faces large enough", () => {
  assertEquals(looksAt(640, 480, 120), [{ x: 0, y: 0, width: 640, height: 480 }]);
  assertEquals(looksAt(10, 10, 120).length, 1);
});

Deno.test("looksAt() takes as many looks as the documentation says", () => {
  assertEquals(looksAt(1280, 720, 120).length, 7);
  assertEquals(looksAt(1920, 1280, 120).length, 22);
});

Deno.test("looksAt() shows every face of the smallest size or more whole and large enough", () => {
  const edge = fc.integer({ min: 1, max: 4000 });
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(edge, edge, part, part, part, (width, height, u, v, w) => {
      const minSize = Math.max(width, height) / 12;
      const size = Math.min(minSize * (1 + 3 * w), width, height);
      if (size < minSize) return;
      const [x, y] = [u * (width - size), v * (height - size)];
      const looks = looksAt(width, height, minSize);
      for (const { x, y, width: w, height: h } of looks) {
        assert(x >= 0 && y >= 0 && x + w <= width + 1e-6 && y + h <= height + 1e-6);
      }
      const seen = looks.some((look) =>
        look.x <= x + 1e-6 && look.y <= y + 1e-6 && look.x + look.width >= x + size - 1e-6 &&
        look.y + look.height >= y + size - 1e-6 &&
        size / Math.max(look.width, look.height) >= SMALLEST_PART - 1e-6
      );
      assert(seen, `${size} at ${x},${y} of ${width}x${height} from ${minSize} on`);
    }),
    { seed: 7, numRuns: 300 },
  );
});
