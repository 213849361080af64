import { assertEquals, assertRejects } from "@std/assert";
import { EMOTIONS, loadImageFolder } from "../../src/data.ts";
import { REAL_FOLDER } from "./real_data.ts";

const IMAGES = new URL("images/", import.meta.url);
const EXPECTED: Record<string, { resized: string }> = JSON.parse(
  Deno.readTextFileSync(new URL("expected.json", IMAGES)),
);

/** Makes folders that hold the given files, each a copy of one in `images/`, while `use` runs. */
async function withFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
  use: (dir: string) => Promise<unknown>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    for (const [path, content] of Object.entries(files)) {
      const folder = path.slice(0, path.lastIndexOf("/"));
      await Deno.mkdir(`${root}/${folder}`, { recursive: true });
      if (path.endsWith("/")) continue;
      const bytes = typeof content === "string"
        ? await Deno.readFile(new URL(content, IMAGES))
        : content;
      await Deno.writeFile(`${root}/${path}`, bytes);
    }
    await use(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function expected(name: string): number[] {
  return [...Uint8Array.fromBase64(EXPECTED[name].resized)];
}

Deno.test("loadImageFolder() reads train, validation and test folders", async () => {
  await withFolder({
    "test/happy/a.jpg": "grey.jpg",
    "train/happy/b.jpg": "grey.jpg",
    "train/angry/c.png": "grey.png",
    "validation/sad/d.jpeg": "progressive.jpeg",
  }, async (dir) => {
    const dataset = await loadImageFolder(dir);
    assertEquals(dataset.classes, EMOTIONS);
    assertEquals([...dataset.labels], [0, 3, 4, 3]);
    assertEquals([...dataset.usages], [0, 0, 1, 2]);
    assertEquals([dataset.size, dataset.source], [48, dir]);
  });
});

Deno.test("loadImageFolder() reads the classes' folders alone, and a file: URL", async () => {
  await withFolder({ "sad/a.jpg": "grey.jpg", "fear/b.jpg": "grey.jpg" }, async (dir) => {
    const dataset = await loadImageFolder(new URL(`file://${dir}/`));
    assertEquals([...dataset.labels], [2, 4]);
    assertEquals([...dataset.usages], [0, 0]);
    assertEquals(dataset.source, dir);
  });
});

Deno.test("loadImageFolder() understands other cases and synonyms", async () => {
  await withFolder({
    "Train/ANGER/1.JPG": "grey.jpg",
    "Train/Disgusted/2.jpg": "grey.jpg",
    "Train/fearful/3.jpg": "grey.jpg",
    "Train/Happiness/4.jpg": "grey.jpg",
    "Train/sadness/5.jpg": "grey.jpg",
    "Train/Surprised/6.jpg": "grey.jpg",
    "Train/Neutral/7.jpg": "grey.jpg",
    "VAL/angry/8.jpg": "grey.jpg",
  }, async (dir) => {
    const dataset = await loadImageFolder(dir);
    assertEquals(dataset.classes, EMOTIONS);
    assertEquals([...dataset.labels], [0, 1, 2, 3, 4, 5, 6, 0]);
    assertEquals([...dataset.usages], [0, 0, 0, 0, 0, 0, 0, 1]);
  });
});

Deno.test("loadImageFolder() believes what a file's name begins with", async () => {
  await withFolder({
    "train/happy/Training_1.jpg": "grey.jpg",
    "test/happy/PublicTest_1.jpg": "grey.jpg",
    "test/happy/PrivateTest_1.jpg": "grey.jpg",
    "test/happy/other_1.jpg": "grey.jpg",
  }, async (dir) => {
    assertEquals([...(await loadImageFolder(dir)).usages], [0, 1, 2, 2]);
  });
});

Deno.test("loadImageFolder() keeps the names of other classes, in alphabetical order", async () => {
  await withFolder({
    "train/Contempt/a.jpg": "grey.jpg",
    "train/anger/b.jpg": "grey.jpg",
    "train/toString/c.jpg": "grey.jpg",
    "test/contempt/d.jpg": "grey.jpg",
  }, async (dir) => {
    const dataset = await loadImageFolder(dir);
    assertEquals([...dataset.classes].sort(), ["angry", "contempt", "toString"]);
    assertEquals(dataset.classes.map((name) => name.toLowerCase())[1], "contempt");
    assertEquals([...dataset.labels].sort(), [0, 1, 1, 2]);
  });
});

Deno.test("loadImageFolder() turns images grey and resizes them as Pillow", async () => {
  const names = Object.keys(EXPECTED).sort();
  const files = Object.fromEntries(names.map((name) => [`happy/${name}`, name]));
  await withFolder(files, async (dir) => {
    const dataset = await loadImageFolder(dir, { size: 12 });
    for (const [i, name] of names.entries()) {
      const difference = expected(name).map((level, at) =>
        Math.abs(level - dataset.image(i).data[at])
      );
      // Pillow rounds a palette's grey levels before it has them, which may differ by one.
      assertEquals(Math.max(...difference) <= (name.startsWith("palette") ? 1 : 0), true, name);
    }
  });
});

Deno.test("loadImageFolder() takes what its frame makes of each picture, in their order", async () => {
  await withFolder({ "sad/b.png": "grey.png", "sad/a.jpg": "colour_444.jpg" }, async (dir) => {
    const seen: string[] = [];
    const dataset = await loadImageFolder(dir, {
      size: 2,
      frame(image, path) {
        seen.push(`${path.replace(dir, "DIR")} ${image.width}x${image.height}`);
        return Promise.resolve({
          data: Uint8Array.of(1, 2, 3, 4 + seen.length),
          width: 2,
          height: 2,
        });
      },
    });
    assertEquals(seen, ["DIR/sad/a.jpg 24x17", "DIR/sad/b.png 24x17"]);
    assertEquals([...dataset.pixels], [1, 2, 3, 5, 1, 2, 3, 6]);
  });
});

Deno.test("loadImageFolder() leaves out what systems leave behind", async () => {
  await withFolder({
    "sad/a.jpg": "grey.jpg",
    "sad/.DS_Store": new Uint8Array(3),
    "sad/Thumbs.db": new Uint8Array(3),
    ".ipynb_checkpoints/a.jpg": "grey.jpg",
    "__MACOSX/a.jpg": "grey.jpg",
  }, async (dir) => {
    assertEquals((await loadImageFolder(dir)).length, 1);
  });
});

Deno.test("loadImageFolder() passes over bins, thumbnails and what else systems leave behind", async () => {
  const left = [
    ...["@eaDir", "#recycle", "@Recycle", "$RECYCLE.BIN", "RECYCLER", "System Volume Information"],
    ...["lost+found", "#snapshot", "Temporary Items", "@tmp", ".Trash-1000"],
  ];
  await withFolder({
    "train/sad/a.jpg": "grey.jpg",
    "test/sad/b.jpg": "grey.jpg",
    ...Object.fromEntries(left.flatMap((name) => [
      [`train/${name}/a.jpg`, "grey.jpg"],
      [`${name}/sad/a.jpg`, "grey.jpg"],
      [`test/sad/${name}/a.jpg`, "grey.jpg"],
    ])),
    "train/sad/ehthumbs.db": new Uint8Array(3),
    "train/sad/Icon\r": new Uint8Array(3),
  }, async (dir) => {
    const { classes, length } = await loadImageFolder(dir);
    assertEquals([classes, length], [EMOTIONS, 2]);
  });
});

Deno.test("loadImageFolder() takes names that look alike for one class", async () => {
  await withFolder({
    "train/caf\u00e9/a.jpg": "grey.jpg",
    "train/tea /b.jpg": "grey.jpg",
    "train/Tea/c.jpg": "grey.jpg",
    "test/cafe\u0301/d.jpg": "grey.jpg",
    "test/ tea/e.jpg": "grey.jpg",
  }, async (dir) => {
    const { classes, labels, usages } = await loadImageFolder(dir);
    assertEquals(classes.map((name) => name.toLowerCase()), ["caf\u00e9", "tea"].sort());
    assertEquals([...labels], [0, 1, 1, 0, 1]);
    assertEquals([...usages], [0, 0, 0, 2, 2]);
  });
  await withFolder({ " Happy/a.jpg": "grey.jpg", "SAD\u200b/b.jpg": "grey.jpg" }, async (dir) => {
    assertEquals((await loadImageFolder(dir)).classes, EMOTIONS);
  });
});

Deno.test("loadImageFolder() names a link that leads nowhere, and follows others", async () => {
  await withFolder({ "sad/a.jpg": "grey.jpg" }, async (dir) => {
    await Deno.symlink(`${dir}/sad/a.jpg`, `${dir}/sad/b.jpg`);
    assertEquals((await loadImageFolder(dir)).length, 2);
    for (const [target, link] of [["gone.jpg", "sad/c.jpg"], ["happy", "happy"]]) {
      await Deno.symlink(`${dir}/${target}`, `${dir}/${link}`);
      const { message } = await assertRejects(() => loadImageFolder(dir), TypeError);
      assertEquals(message, `Cannot load ${dir}/${link}: it is a link that leads nowhere`);
      await Deno.remove(`${dir}/${link}`);
    }
  });
});

Deno.test("loadImageFolder() says what each image is called", async () => {
  await withFolder(
    { "train/sad/fer2.jpg": "grey.jpg", "test/sad/fer1.jpg": "grey.jpg" },
    async (dir) => {
      const { names } = await loadImageFolder(new URL(`file://${dir}/`));
      assertEquals(names, ["train/sad/fer2.jpg", "test/sad/fer1.jpg"]);
    },
  );
});

const BAD: ReadonlyArray<
  [string, Readonly<Record<string, string | Uint8Array>>, ErrorConstructor, string]
> = [
  [
    "a folder without classes",
    { "./a.jpg": "grey.jpg" },
    TypeError,
    "Cannot load DIR: expected a folder for each class, found none",
  ],
  [
    "a split without classes",
    { "train/": "", "test/sad/a.jpg": "grey.jpg" },
    TypeError,
    "Cannot load DIR/train: expected a folder for each class, found none",
  ],
  [
    "a class without an image",
    { "train/sad/a.jpg": "grey.jpg", "train/happy/": "" },
    RangeError,
    "Cannot load DIR/train/happy: there is no image in it",
  ],
  [
    "a folder inside a class",
    { "sad/more/a.jpg": "grey.jpg" },
    TypeError,
    "Cannot load DIR/sad/more: expected images in a class's folder, got a folder",
  ],
  [
    "a folder beside the splits",
    { "train/sad/a.jpg": "grey.jpg", "happy/a.jpg": "grey.jpg" },
    TypeError,
    "Cannot load DIR/happy: beside train and test folders it is none, expected validation",
  ],
  [
    "an image beside the classes",
    { "sad/a.jpg": "grey.jpg", "./lost.png": "grey.png" },
    TypeError,
    "Cannot load DIR/lost.png: it lies beside the folders of classes and is of none",
  ],
  [
    "an image beside the classes of a split",
    { "train/sad/a.jpg": "grey.jpg", "train/lost.png": "grey.png" },
    TypeError,
    "Cannot load DIR/train/lost.png: it lies beside the folders of classes and is of none",
  ],
  [
    "a file of another kind",
    { "sad/a.dat": "grey.jpg" },
    TypeError,
    "Cannot load DIR/sad/a.dat: expected a .jpg, .jpeg, .png or .webp file",
  ],
  [
    "a picture of another kind",
    { "sad/a.gif": Uint8Array.from("GIF89a", (letter) => letter.charCodeAt(0)) },
    TypeError,
    "Cannot load DIR/sad/a.gif: it is a GIF, which is not read: convert it to JPEG, PNG or WebP " +
    "first",
  ],
  [
    "a file that is not an image",
    { "sad/a.jpg": "make_images.py" },
    TypeError,
    "Cannot decode DIR/sad/a.jpg: expected JPEG, PNG or WebP, got bytes 22 22 22 57…",
  ],
];

for (const [what, files, type, message] of BAD) {
  Deno.test(`loadImageFolder() rejects ${what}`, async () => {
    await withFolder(files, async (dir) => {
      const error = await assertRejects(() => loadImageFolder(dir), type);
      assertEquals(error.message.replaceAll(dir, "DIR"), message);
    });
  });
}

Deno.test("loadImageFolder() names a folder that is missing", async () => {
  const error = await assertRejects(() => loadImageFolder("no/such"), Deno.errors.NotFound);
  assertEquals(error.message, "Cannot load no/such: there is no such folder");
});

Deno.test("loadImageFolder() rejects a file in place of a folder", async () => {
  await assertRejects(() => loadImageFolder("mod.ts"), TypeError, "mod.ts: it is not a folder");
});

Deno.test({
  name: "loadImageFolder() reads the sample in Kaggle's layout (real data)",
  ignore: REAL_FOLDER === undefined,
  async fn() {
    const dataset = await loadImageFolder(REAL_FOLDER ?? "");
    assertEquals(dataset.length, 7 * 25);
    assertEquals(dataset.classes, EMOTIONS);
    // The test folder's names begin with PublicTest_.
    assertEquals([dataset.split("Training").length, dataset.split("PublicTest").length], [140, 35]);
  },
});
