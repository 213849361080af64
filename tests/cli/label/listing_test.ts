import { assertEquals, assertStringIncludes } from "@std/assert";
import { toConvert } from "../../../cli/label/label_summary.ts";
import { Listing, plainPath } from "../../../cli/label/listing.ts";
import { withFolder } from "../run_task.ts";

/** Writes empty files, and the folders that they are in. */
async function write(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await Deno.mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${folder}/${name}`, "");
  }
}

/** What is listed, relative to a folder. */
async function list(folder: string, ...inputs: string[]) {
  const listing = new Listing(inputs.map((input) => `${folder}/${input}`));
  const listed = await Array.fromAsync(listing.pictures());
  return {
    paths: listed.map(({ path }) => path.replace(`${folder}/`, "")),
    problems: listed.map(({ problem }) => problem),
    skipped: listing.skipped,
    otherPictures: listing.otherPictures,
  };
}

Deno.test("Listing goes through folders in the order of names, files and folders alike", async () => {
  await withFolder(async (folder) => {
    // Made in another order than they are listed in.
    await write(folder, [
      "b.png",
      "a/z.JPG",
      "a/10.jpeg",
      "a/9.jpg",
      "a.jpg",
      "Z.jpg",
      "a b/c.png",
    ]);
    const { paths, skipped } = await list(folder, ".");
    assertEquals(
      paths.map((path) => path.replace("./", "")),
      ["Z.jpg", "a/10.jpeg", "a/9.jpg", "a/z.JPG", "a b/c.png", "a.jpg", "b.png"],
    );
    assertEquals(skipped, { files: 0, unreadable: 0, loops: 0 });
  });
});

Deno.test("Listing passes over what is no picture or hidden, and counts it", async () => {
  await withFolder(async (folder) => {
    await write(folder, ["p/a.jpg", "p/notes.txt", "p/._a.jpg", "p/Thumbs.db", "p/jpg"]);
    await write(folder, ["p/.hidden/b.jpg", "p/__MACOSX/c.jpg"]);
    const { paths, skipped } = await list(folder, "p/");
    assertEquals(paths, ["p/a.jpg"]);
    assertEquals(skipped, { files: 4, unreadable: 0, loops: 0 });
  });
});

Deno.test("Listing counts pictures that are not decoded by the endings of their names", async () => {
  await withFolder(async (folder) => {
    await write(folder, ["p/a.webp", "p/b.HEIC", "p/c.heic", "p/d.gif", "p/e.jfif", "p/notes.txt"]);
    const { paths, skipped, otherPictures } = await list(folder, "p");
    assertEquals(paths, ["p/a.webp", "p/e.jfif"]);
    assertEquals(skipped.files, 4);
    assertEquals([...otherPictures], [[".heic", 2], [".gif", 1]]);
    assertEquals(toConvert(otherPictures), "2 .heic and 1 .gif to convert to JPEG, PNG or WebP");
  });
});

Deno.test("Listing takes what is named as it is, even if there is no such file", async () => {
  await withFolder(async (folder) => {
    await write(folder, ["notes.txt", "odd[1].jpg"]);
    const { paths } = await list(folder, "notes.txt", "gone.jpg", "odd[1].jpg");
    assertEquals(paths, ["notes.txt", "gone.jpg", "odd[1].jpg"]);
  });
});

Deno.test("Listing follows links, but not to a folder that they are in", async () => {
  await withFolder(async (folder) => {
    await write(folder, ["p/a/1.jpg", "elsewhere/2.jpg"]);
    await Deno.symlink("..", `${folder}/p/a/parent`);
    await Deno.symlink(".", `${folder}/p/a/self`);
    await Deno.symlink("../../elsewhere", `${folder}/p/a/other`);
    await Deno.symlink("1.jpg", `${folder}/p/a/link.jpg`);
    await Deno.symlink("nothing", `${folder}/p/a/broken.jpg`);
    const { paths, skipped } = await list(folder, "p");
    assertEquals(paths, ["p/a/1.jpg", "p/a/broken.jpg", "p/a/link.jpg", "p/a/other/2.jpg"]);
    assertEquals(skipped, { files: 0, unreadable: 0, loops: 2 });
  });
});

Deno.test("Listing finds what a pattern names, no deeper than it reaches", async () => {
  await withFolder(async (folder) => {
    await write(folder, ["p/1.jpg", "p/2.png", "p/3.txt", "p/a/4.jpg", "p/a/b/5.jpg", "q/6.jpg"]);
    const found = async (pattern: string) => (await list(folder, pattern)).paths;
    assertEquals(await found("p/*.jpg"), ["p/1.jpg"]);
    assertEquals(await found("p/*"), ["p/1.jpg", "p/2.png"]);
    assertEquals(await found("p/**/*.jpg"), ["p/1.jpg", "p/a/4.jpg", "p/a/b/5.jpg"]);
    assertEquals(await found("*/[0-9].{jpg,png}"), ["p/1.jpg", "p/2.png", "q/6.jpg"]);
    assertEquals(await found("p/?/4.jpg"), ["p/a/4.jpg"]);
    assertEquals(await found("p/{a/b,x}/*.jpg"), ["p/a/b/5.jpg"]);
    assertEquals((await list(folder, "p/*")).skipped.files, 1);
  });
});

Deno.test("Listing lists a pattern that names nothing, and why", async () => {
  await withFolder(async (folder) => {
    await write(folder, ["p/1.jpg"]);
    for (const pattern of ["p/*.png", "nowhere/*.jpg"]) {
      const { paths, problems } = await list(folder, pattern);
      assertEquals(paths, [pattern]);
      assertStringIncludes(problems[0] ?? "", "Cannot find a JPEG, PNG or WebP file");
    }
  });
});

Deno.test({
  name: "Listing counts folders that cannot be read, and lists one that was named",
  // Root may read any.
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  async fn() {
    await withFolder(async (folder) => {
      await write(folder, ["p/a/1.jpg", "p/b/2.jpg"]);
      await Deno.chmod(`${folder}/p/a`, 0);
      const { paths, skipped } = await list(folder, "p");
      assertEquals([paths, skipped.unreadable], [["p/b/2.jpg"], 1]);
      assertEquals((await list(folder, "p/a")).problems, [
        "Cannot read the folder: permission denied",
      ]);
      await Deno.chmod(`${folder}/p/a`, 0o700);
    });
  },
});

Deno.test({
  name: "Listing counts files whose names are the same once what is no UTF-8 is lost",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withFolder(async (folder) => {
      // Deno writes UTF-8 alone; printf knows octal bytes.
      const script = "touch \"$(printf '\\376.jpg')\" \"$(printf '\\377.jpg')\" b.jpg";
      await new Deno.Command("sh", { args: ["-c", script], cwd: folder }).output();
      const { paths, problems } = await list(folder, ".");
      assertEquals(paths.map((path) => path.replace("./", "")), ["b.jpg", "\ufffd.jpg"]);
      assertEquals(problems, [
        undefined,
        "Cannot read the file, nor 1 more of this name: it is not UTF-8",
      ]);
    });
  },
});

Deno.test("Listing passes over bins and thumbnails of network drives", async () => {
  await withFolder(async (folder) => {
    await write(folder, ["a.jpg", "@eaDir/a.jpg", "$RECYCLE.BIN/b.jpg", "x/lost+found/c.jpg"]);
    assertEquals((await list(folder, ".")).paths.map((path) => path.replace("./", "")), ["a.jpg"]);
  });
});

Deno.test("plainPath() leaves no path that a spreadsheet takes for a formula", () => {
  assertEquals(
    ["=1+1.jpg", "+a", "-a", "@a", "\ta", "\ra", "＝a", "a=b.jpg", "/=a", "./=a"].map(plainPath),
    [
      ...["./=1+1.jpg", "./+a", "./-a", "./@a", "./\ta", "./\ra", "./＝a"],
      "a=b.jpg",
      "/=a",
      "./=a",
    ],
  );
});
