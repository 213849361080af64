import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { decodeImage } from "../../src/data.ts";
import { drawnFaces } from "../../src/data/drawn.ts";
import { buildFerCnn } from "../../src/model.ts";
import { TensorBoardLog } from "../../src/train.ts";
import { crc32c, maskedCrc32c } from "../../src/tensorboard/crc32c.ts";
import { type EpochLine, RunDirectory, Trainer } from "../../src/train.ts";
import { withFolder } from "../cli/run_task.ts";

Deno.test("crc32c() gives the sums of RFC 3720", () => {
  const bytes = (value: (i: number) => number) =>
    Uint8Array.from({ length: 32 }, (_, i) => value(i));
  assertEquals(crc32c(bytes(() => 0)), 0x8a9136aa);
  assertEquals(crc32c(bytes(() => 255)), 0x62a8ab43);
  assertEquals(crc32c(bytes((i) => i)), 0x46dd794e);
  assertEquals(crc32c(bytes((i) => 31 - i)), 0x113fdb5c);
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

/** A field of a message: its number and its bytes, or the eight or four of a number. */
type Field = readonly [id: number, bytes: Uint8Array];

/** Takes a message of protocol buffers apart; varints come as eight bytes. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const kind = key & 7;
    let value: Uint8Array;
    if (kind === 0) value = new Uint8Array(BigUint64Array.of(varint()).buffer);
    else {
      const length = kind === 1 ? 8 : kind === 5 ? 4 : Number(varint());
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields.push([key >> 3, value]);
  }
  return fields;
}

const valueOf = (fields: readonly Field[], id: number): Uint8Array =>
  fields.find(([each]) => each === id)?.[1] ?? new Uint8Array();

/** The events of a folder's files, their records' sums checked. */
async function eventsOf(folder: string): Promise<Field[][]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
    .filter((name) => name.startsWith("events.out.tfevents."));
  const events: Field[][] = [];
  for (const name of names.sort()) {
    const bytes = await Deno.readFile(`${folder}/${name}`);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length;) {
      const length = Number(view.getBigUint64(at, true));
      assertEquals(view.getUint32(at + 8, true), maskedCrc32c(bytes.subarray(at, at + 8)));
      const content = bytes.subarray(at + 12, at + 12 + length);
      assertEquals(view.getUint32(at + 12 + length, true), maskedCrc32c(content));
      events.push(fieldsOf(content));
      at += length + 16;
    }
  }
  return events;
}

interface Value {
  readonly step: number;
  readonly tag: string;
  readonly value: readonly Field[];
}

function valuesOf(events: readonly Field[][]): Value[] {
  return events.flatMap((event) => {
    const step = valueOf(event, 2);
    const number = step.length === 8
      ? Number(new DataView(step.slice().buffer).getBigInt64(0, true))
      : 0;
    return fieldsOf(valueOf(event, 5)).map(([, bytes]) => {
      const value = fieldsOf(bytes);
      return { step: number, tag: new TextDecoder().decode(valueOf(value, 1)), value };
    });
  });
}

const float = (bytes: Uint8Array): number => new DataView(bytes.slice().buffer).getFloat32(0, true);

Deno.test("TensorBoardLog writes what metrics.jsonl says, a confusion matrix and settings", async () => {
  await tf.setBackend("cpu");
  await withFolder(async (folder) => {
    const faces = drawnFaces(21, 5);
    const [training, validation] = [faces.split("Training"), faces.split("PublicTest")];
    const config = { epochs: 1, batchSize: 16, workers: 0, seed: 3 };
    const directory = await RunDirectory.open(`${folder}/run`, { resume: false });
    const model = buildFerCnn({ filters: [2, 2, 2], hidden: 4 });
    const lines: EpochLine[] = [];
    const log = new TensorBoardLog(`${folder}/log`, { hyperparameters: { network: "tiny" } });
    const callbacks = [log, { onEpochEnd: (line: EpochLine) => void lines.push(line) }];
    await new Trainer(model, config, { runDirectory: directory, callbacks }).fit(
      training,
      validation,
    );
    directory.close();
    model.dispose();
    const values = valuesOf(await eventsOf(`${folder}/log`));
    const scalar = (tag: string) =>
      values.filter((each) => each.tag === tag)
        .map(({ step, value }): [number, number] => [step, float(valueOf(value, 2))]);
    assertEquals(lines.length, 1);
    for (
      const [tag, figure] of [
        ["loss/train", (line: EpochLine) => line.trainLoss],
        ["loss/validation", (line: EpochLine) => line.valLoss],
        ["accuracy/validation", (line: EpochLine) => line.valAccuracy],
        ["macro_f1/validation", (line: EpochLine) => line.valMacroF1],
      ] as const
    ) {
      const found = scalar(tag);
      assertEquals(found.map(([step]) => step), lines.map(({ step }) => step), tag);
      found.forEach(([, value], i) => assertAlmostEquals(value, figure(lines[i]), 1e-6));
    }
    const pictures = values.filter(({ tag }) => tag === "confusion");
    assertEquals(pictures.length, 1);
    const image = fieldsOf(valueOf(pictures[0].value, 4));
    const { width, height } = await decodeImage(valueOf(image, 4));
    const number = (id: number) => new DataView(valueOf(image, id).slice().buffer).getUint8(0);
    assertEquals([number(1), number(2), number(3)], [height & 255, width & 255, 3]);
    const settings = values.find(({ tag }) => tag === "_hparams_/session_start_info");
    assert(settings !== undefined);
    const plugin = fieldsOf(valueOf(fieldsOf(valueOf(settings.value, 9)), 1));
    assertEquals(new TextDecoder().decode(valueOf(plugin, 1)), "hparams");
    const start = fieldsOf(valueOf(fieldsOf(valueOf(plugin, 2)), 3));
    const names = start.filter(([id]) => id === 1)
      .map(([, entry]) => new TextDecoder().decode(valueOf(fieldsOf(entry), 1)));
    for (const name of ["epochs", "lr", "optimizer", "network"]) assert(names.includes(name), name);
  });
});

const PYTHON = Deno.env.get("FER_TENSORBOARD_PYTHON") ?? "python3";

const READ = `
import sys, json
from tensorboard.backend.event_processing import event_accumulator
log = event_accumulator.EventAccumulator(sys.argv[1], size_guidance={"images": 0, "scalars": 0})
log.Reload()
scalars = [[e.step, e.value] for e in log.Scalars("epoch")]
print(json.dumps([scalars, [[i.width, i.height] for i in log.Images("confusion")]]))`;

async function hasTensorBoard(): Promise<boolean> {
  try {
    const args = ["-c", "import tensorboard.backend.event_processing.event_accumulator"];
    return (await new Deno.Command(PYTHON, { args, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "TensorBoard reads what a run that was gone on with wrote (tensorboard)",
  ignore: !await hasTensorBoard(),
  fn: async () => {
    await tf.setBackend("cpu");
    await withFolder(async (folder) => {
      const faces = drawnFaces(21, 5);
      const [training, validation] = [faces.split("Training"), faces.split("PublicTest")];
      for (const [resume, maxSteps] of [[false, 1], [true, 0]] as const) {
        const directory = await RunDirectory.open(folder + "/run", { resume });
        const model = buildFerCnn({ filters: [2, 2, 2], hidden: 4 });
        const config = { epochs: 1, batchSize: 8, workers: 0, maxSteps };
        const callbacks = [new TensorBoardLog(directory.path)];
        await new Trainer(model, config, { runDirectory: directory, callbacks })
          .fit(training, validation);
        directory.close();
        model.dispose();
      }
      const { stdout, stderr } = await new Deno.Command(PYTHON, {
        args: ["-c", READ, `${folder}/run`],
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert(text !== "", new TextDecoder().decode(stderr));
      const [scalars, images] = JSON.parse(text);
      const steps = scalars.map(([step]: number[]) => step);
      assertEquals(steps, [...steps].sort((a: number, b: number) => a - b));
      assertEquals(scalars.at(-1)[1], 1);
      assertEquals(images.length, scalars.length);
    });
  },
});
