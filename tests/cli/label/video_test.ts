import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hasPretrained } from "../../../mod.ts";
import { decodeImage, encodePng } from "../../../src/data.ts";
import { Canvas } from "../../../src/draw/canvas.ts";
import { ROOT, runTask, taskCommand, withFolder } from "../run_task.ts";

async function hasFfmpeg(): Promise<boolean> {
  try {
    return (await new Deno.Command("ffmpeg", { args: ["-version"] }).output()).success;
  } catch {
    return false;
  }
}

const ignore = !await hasFfmpeg() || !hasPretrained();

/** Writes two seconds of a face that moves to the right, three pixels a picture, six a second. */
async function writeClip(folder: string): Promise<void> {
  const file = await Deno.readFile(`${ROOT}tests/recognizer/astronaut.jpg`);
  const { width, height, data } = Canvas.of(await decodeImage(file));
  for (let k = 0; k < 12; k++) {
    const picture = new Canvas(width + 40, height);
    for (let y = 0; y < height; y++) {
      const row = data.subarray(3 * y * width, 3 * (y + 1) * width);
      picture.data.set(row, 3 * (y * picture.width + 3 * k));
    }
    await Deno.writeFile(`${folder}/${String(k).padStart(2, "0")}.png`, await encodePng(picture));
  }
  const { success } = await new Deno.Command("ffmpeg", {
    args: ["-v", "error", "-framerate", "6", "-i", "%02d.png", "-pix_fmt", "yuv420p", "clip.mp4"],
    cwd: folder,
  }).output();
  assert(success);
}

Deno.test({
  name:
    "label follows a face through a video, draws it, and goes on where it was broken off (ffmpeg)",
  ignore,
  fn: async () => {
    await withFolder(async (folder) => {
      await writeClip(folder);
      const args = (out: string) => ["clip.mp4", "--fps=3", "--batch-size=1", `--out=${out}`];
      const { code, stderr } = await runTask(
        "label",
        [...args("whole.jsonl"), "--annotate=seen", "--timeline=time.html"],
        { cwd: folder },
      );
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, "6 moments, 6 faces in them: whole.jsonl");
      const whole = await Deno.readTextFile(`${folder}/whole.jsonl`);
      const rows = whole.trimEnd().split("\n").map((line) => JSON.parse(line));
      assertEquals(rows.map(({ time }) => time), [0, 0.333, 0.667, 1, 1.333, 1.667]);
      assertEquals(rows[4].path, "clip.mp4#t=1.333");
      // One face, the same all the time, six pixels further at each moment.
      assertEquals(rows.map(({ id }) => id), Array(6).fill(1));
      const moved = rows[5].box.x - rows[0].box.x;
      assert(moved > 20 && moved < 40, `${moved}`);

      const probe = await new Deno.Command("ffprobe", {
        args: [
          ...["-v", "error", "-count_frames", "-of", "csv=p=0", `${folder}/seen/clip.mp4`],
          ...["-show_entries", "stream=width,height,nb_read_frames"],
        ],
      }).output();
      assertEquals(new TextDecoder().decode(probe.stdout).trim(), "296,256,6");
      const page = await Deno.readTextFile(`${folder}/time.html`);
      assertStringIncludes(page, "Face 1, seen well from 0 s to 1.667 s, mostly ");
      assertEquals(/<script|https?:\/\/(?!www\.w3\.org)/.test(page), false);

      const child = taskCommand("label", args("broken.jsonl"), { cwd: folder }).spawn();
      while (true) {
        const text = await Deno.readTextFile(`${folder}/broken.jsonl`).catch(() => "");
        if (text.split("\n").length > 2) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      child.kill("SIGKILL");
      await child.output();
      const broken = await Deno.readTextFile(`${folder}/broken.jsonl`);
      const again = await runTask("label", args("broken.jsonl"), { cwd: folder });
      assertEquals(again.code, 0, again.stderr);
      if (broken.split("\n").length < 7) assertMatch(again.stderr, /has \d moments already/);
      assertEquals(await Deno.readTextFile(`${folder}/broken.jsonl`), whole);
    });
  },
});

Deno.test("label says what videos need, and what does not go with them", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/clip.mp4`, "no video");
    await Deno.copyFile(`${ROOT}tests/cli/face.png`, `${folder}/face.png`);
    for (
      const [args, message] of [
        [["clip.mp4", "face.png", "--out=a.jsonl"], "label videos and pictures apart"],
        [["clip.mp4", "--crops", "--out=a.jsonl"], "Cannot use --crops with videos"],
        [["clip.mp4", "--timeline=t.html", "--out=a.csv"], "timeline without --out FILE.jsonl"],
        [["clip.mp4", "--timeline=t.txt", "--out=a.jsonl"], "expected a name in .html"],
        [["face.png", "--timeline=t.html", "--out=a.jsonl"], "Cannot draw a timeline of pictures"],
        [["clip.mp4", "--fps=0", "--out=a.jsonl"], "expected a number above 0"],
      ] as const
    ) {
      const { code, stderr } = await runTask("label", args, { cwd: folder });
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, message);
    }
    if (!hasPretrained()) return;
    const nothing = { cwd: folder, env: { PATH: folder } };
    const without = await runTask("label", ["clip.mp4", "--out=b.jsonl"], nothing);
    assertEquals(without.code, 1);
    assertMatch(
      without.stderr,
      /^error: Cannot read clip\.mp4: videos need ffmpeg: apt-get install ffmpeg .*$/m,
    );
    if (ignore) return;
    const broken = await runTask("label", ["clip.mp4", "--out=c.jsonl"], { cwd: folder });
    assertEquals(broken.code, 1);
    assertMatch(broken.stderr, /^error: Cannot read clip\.mp4: .+$/m);
  });
});

Deno.test({
  name: "label --annotate writes pictures with boxes, and none over its input",
  ignore: !hasPretrained(),
  fn: async () => {
    await withFolder(async (folder) => {
      await Deno.mkdir(`${folder}/photos`);
      const file = await Deno.readFile(`${ROOT}tests/recognizer/astronaut.jpg`);
      await Deno.writeFile(`${folder}/photos/a.jpg`, file);
      const args = ["photos", "--out=rows.jsonl", "--annotate=seen"];
      const { code, stderr } = await runTask("label", args, { cwd: folder });
      assertEquals(code, 0, stderr);
      const { box } = JSON.parse(await Deno.readTextFile(`${folder}/rows.jsonl`));
      const drawn = await decodeImage(await Deno.readFile(`${folder}/seen/photos/a.jpg.png`));
      const plain = await decodeImage(file);
      assertEquals([drawn.width, drawn.height], [plain.width, plain.height]);
      // The first face's colour on its box's left edge, half-way down.
      const at = 3 * ((Math.round(box.y + box.height / 2)) * drawn.width + Math.round(box.x));
      assertEquals([...drawn.data.subarray(at, at + 3)], [230, 159, 0]);
    });
  },
});
