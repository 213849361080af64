/**
 * That the files to deploy with and the documents say what the programs do.
 *
 * Fields are those of KServe 0.17's InferenceService (config/crd/full) and Kubernetes 1.33's Job.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse as parseYaml } from "yaml";
import manifest from "../../deno.json" with { type: "json" };
import { helpText, readOptions } from "../../examples/server/options.ts";
import { saveModel } from "../../src/model.ts";
import { ROOT, runTask, type TaskName, withFolder } from "../cli/run_task.ts";
import { startServer, tinyModel, until } from "./server_process.ts";

const DEPLOY = `${ROOT}examples/server/deploy/`;
/** Seconds that the server gives itself past the time limit. */
const GRACE = 5;

type Fields = Record<string, unknown>;

/** The fields of an object by their types; nested where they are objects or lists of some. */
interface Schema {
  readonly [field: string]: "string" | "number" | "boolean" | "strings" | "any" | Schema | [Schema];
}

function checkFields(path: string, value: unknown, schema: Schema): void {
  assert(typeof value === "object" && value !== null && !Array.isArray(value), path);
  for (const [field, each] of Object.entries(value)) {
    const at = `${path}.${field}`;
    const type = schema[field] ?? assert(false, `there is no field ${at}`);
    if (type === "any") continue;
    if (type === "strings") assert(Array.isArray(each) && each.every((e) => typeof e === "string"));
    else if (typeof type === "string") assertEquals(typeof each, type, at);
    else if (Array.isArray(type)) {
      assert(Array.isArray(each), at);
      each.forEach((item, i) => checkFields(`${at}[${i}]`, item, type[0]));
    } else checkFields(at, each, type);
  }
}

const PROBE: Schema = {
  httpGet: { path: "string", port: "number" },
  periodSeconds: "number",
  timeoutSeconds: "number",
  failureThreshold: "number",
};

const CONTAINER: Schema = {
  name: "string",
  image: "string",
  command: "strings",
  args: "strings",
  env: [{
    name: "string",
    value: "string",
    valueFrom: { secretKeyRef: { name: "string", key: "string" } },
  }],
  ports: [{ name: "string", containerPort: "number", protocol: "string" }],
  startupProbe: PROBE,
  readinessProbe: PROBE,
  livenessProbe: PROBE,
  resources: {
    requests: { cpu: "string", memory: "string" },
    limits: { memory: "string", "nvidia.com/gpu": "string" },
  },
  securityContext: {
    runAsNonRoot: "boolean",
    runAsUser: "number",
    allowPrivilegeEscalation: "boolean",
    capabilities: { drop: "strings" },
  },
  volumeMounts: [{ name: "string", mountPath: "string", readOnly: "boolean" }],
};

const TOP: Schema = {
  apiVersion: "string",
  kind: "string",
  metadata: { name: "string", annotations: "any" },
};

async function readYaml<T>(name: string, schema: Schema): Promise<T> {
  const document = parseYaml(await Deno.readTextFile(DEPLOY + name), { strict: true });
  checkFields(name, document, { ...TOP, ...schema });
  return document;
}

interface InferenceService {
  apiVersion: string;
  kind: string;
  metadata: { annotations: Record<string, string> };
  spec: {
    predictor: {
      minReplicas: number;
      maxReplicas: number;
      scaleMetric: string;
      terminationGracePeriodSeconds: number;
      containers: [{
        name: string;
        args: string[];
        env: { name: string }[];
        ports: { containerPort: number }[];
        startupProbe: { httpGet: { path: string; port: number } };
        readinessProbe: { httpGet: { path: string; port: number } };
        livenessProbe: { httpGet: { path: string; port: number } };
        resources: { requests: unknown; limits: unknown };
        securityContext: { runAsUser: number };
      }];
    };
  };
}

const inferenceService = (): Promise<InferenceService> =>
  readYaml("inference_service.yaml", {
    spec: {
      predictor: {
        minReplicas: "number",
        maxReplicas: "number",
        scaleMetric: "string",
        scaleTarget: "number",
        terminationGracePeriodSeconds: "number",
        containers: [CONTAINER],
      },
    },
  });

/** The words after `deno run` up to the program, and those after it. */
function splitRun(words: readonly string[]): { flags: string[]; program: string; args: string[] } {
  assertEquals(words[0], "run");
  const at = words.findIndex((word) => word.endsWith(".ts"));
  return { flags: words.slice(1, at), program: words[at], args: words.slice(at + 1) };
}

/** The flags of a task, without the words `deno run`. */
function taskRun(task: TaskName) {
  return splitRun(manifest.tasks[task].command.split(" ").slice(1));
}

async function dockerfileCommand(): Promise<string[]> {
  const text = await Deno.readTextFile(`${DEPLOY}Dockerfile`);
  const json = /^CMD (\[[^]*?\])$/m.exec(text.replaceAll("\\\n", ""))?.[1];
  return JSON.parse(json ?? "");
}

/** Has the server's permissions, but another address, and fetches and asks nothing. */
function checkServerCommand(words: readonly string[]): void {
  const { flags, program, args } = splitRun(words);
  const task = taskRun("server");
  assertEquals(program, task.program);
  const options = readOptions(args);
  assert(options !== "help");
  assertEquals([options.host, options.port], ["0.0.0.0", 8080]);
  // Without `deno task` there is no folder that the command was given in.
  const expected = task.flags.map((flag) =>
    flag.startsWith("--allow-net=")
      ? `--allow-net=${options.host}:${options.port}`
      : flag.replace(",INIT_CWD", "")
  );
  assertEquals(flags.toSorted(), [...expected, "--cached-only", "--no-prompt"].toSorted());
}

Deno.test("the Dockerfile has the Deno of the CI, and the task's permissions", async () => {
  const text = await Deno.readTextFile(`${DEPLOY}Dockerfile`);
  const ci = await Deno.readTextFile(`${ROOT}.github/workflows/ci.yml`);
  const version = /^FROM denoland\/deno:debian-(\d+\.\d+\.\d+)$/m.exec(text)?.[1];
  assert(version !== undefined);
  assertStringIncludes(ci, `npx -y deno@${version} task test`);
  checkServerCommand(await dockerfileCommand());
  assertStringIncludes(text, "EXPOSE 8080");
  // What the image is to run is among what it fetches.
  const cached = /deno cache (.*)$/m.exec(text)?.[1].split(" ") ?? [];
  assertEquals(cached, [taskRun("server").program, taskRun("label").program]);
  const ignored = (await Deno.readTextFile(`${DEPLOY}Dockerfile.dockerignore`)).split("\n");
  for (const needed of ["src", "cli", "examples", "tools", "mod.ts", "deno.json"]) {
    assert(!ignored.includes(needed), needed);
  }
});

Deno.test("the InferenceService has only fields that KServe knows, and the server's flags", async () => {
  const { apiVersion, kind, metadata, spec: { predictor } } = await inferenceService();
  assertEquals([apiVersion, kind], ["serving.kserve.io/v1beta1", "InferenceService"]);
  assertEquals(metadata.annotations["serving.kserve.io/deploymentMode"], "Standard");
  // Of the four that there are, the pod autoscaler of the Standard mode knows these.
  assert(["cpu", "memory"].includes(predictor.scaleMetric));
  assert(predictor.minReplicas >= 2 && predictor.maxReplicas > predictor.minReplicas);
  const [container] = predictor.containers;
  assertEquals(container.name, "kserve-container");
  checkServerCommand(container.args);
  assertEquals(container.ports[0].containerPort, 8080);
  assertEquals(container.env.map(({ name }) => name), ["FER_SERVER_TOKEN"]);
  const options = readOptions(splitRun(container.args).args);
  assert(options !== "help");
  assert(predictor.terminationGracePeriodSeconds >= options.drain + options.timeout + GRACE);
  for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
    assertMatch(probe.httpGet.path, /^\/v2\/health\/(live|ready)$/);
    assertEquals(probe.httpGet.port, 8080);
  }
});

interface LabelJob {
  apiVersion: string;
  kind: string;
  spec: {
    completionMode: string;
    completions: number;
    parallelism: number;
    template: {
      spec: {
        restartPolicy: string;
        containers: [{ command: string[]; args: [string]; volumeMounts: { mountPath: string }[] }];
      };
    };
  };
}

const labelJob = (): Promise<LabelJob> =>
  readYaml("label_job.yaml", {
    spec: {
      completionMode: "string",
      completions: "number",
      parallelism: "number",
      backoffLimitPerIndex: "number",
      maxFailedIndexes: "number",
      ttlSecondsAfterFinished: "number",
      template: {
        spec: {
          restartPolicy: "string",
          terminationGracePeriodSeconds: "number",
          containers: [CONTAINER],
          volumes: [{
            name: "string",
            persistentVolumeClaim: { claimName: "string", readOnly: "boolean" },
          }],
        },
      },
    },
  });

Deno.test("the Job has an index for each shard, and the task's permissions or less", async () => {
  const { apiVersion, kind, spec } = await labelJob();
  assertEquals([apiVersion, kind, spec.completionMode], ["batch/v1", "Job", "Indexed"]);
  // `backoffLimitPerIndex` wants it so.
  assertEquals(spec.template.spec.restartPolicy, "Never");
  const [{ command, args: [script], volumeMounts }] = spec.template.spec.containers;
  assertEquals(command, ["sh", "-c"]);
  assertStringIncludes(script, `--shard $JOB_COMPLETION_INDEX/${spec.completions}`);
  const [exec, deno, ...words] = script.split(" ");
  assertEquals([exec, deno], ["exec", "deno"]);
  const { flags, program, args } = splitRun(words);
  const task = taskRun("label");
  assertEquals([program, args[0]], [task.program, "label"]);
  for (const flag of flags.filter((each) => each.startsWith("--allow-"))) {
    const [name, values = ""] = flag.split("=");
    const own = task.flags.find((each) => each.startsWith(name)) ?? "";
    const allowed = own.slice(name.length + 1).split(",");
    assert(own === name || values.split(",").every((each) => allowed.includes(each)), flag);
  }
  const paths = volumeMounts.map(({ mountPath }) => mountPath);
  assert(paths.includes(args[1]) && paths.some((path) => flags.includes(`--allow-write=${path}`)));
});

Deno.test("the Job's command labels every picture in exactly one shard", async () => {
  await withFolder(async (folder) => {
    const { spec } = await labelJob();
    const [{ args: [script] }] = spec.template.spec.containers;
    const [pictures, labels, path] = ["pictures", "labels", "tiny.safetensors"]
      .map((name) => `${folder}/${name}`);
    await Promise.all([pictures, labels].map((each) => Deno.mkdir(each)));
    const names = Array.from({ length: 6 }, (_, i) => `${i}.png`);
    for (const name of names) {
      await Deno.copyFile(`${ROOT}tests/cli/face.png`, `${pictures}/${name}`);
    }
    const model = await tinyModel();
    await saveModel(model, path);
    model.dispose();
    // In the image deno is in the PATH, and pictures and labels are at the root.
    const here = script
      .replace("exec deno", `exec ${Deno.execPath()}`)
      .replaceAll("/pictures", pictures)
      .replaceAll("/labels/", `${labels}/`)
      .replace("=/labels", `=${labels}`)
      .replace(`/${spec.completions}`, "/2");
    const outputs = await Promise.all([0, 1].map((index) =>
      new Deno.Command("sh", {
        args: ["-c", `${here} --model ${path}`],
        cwd: ROOT,
        env: { JOB_COMPLETION_INDEX: String(index), XDG_RUNTIME_DIR: "/tmp" },
      }).output()
    ));
    for (const { code, stderr } of outputs) assertEquals(code, 0, new TextDecoder().decode(stderr));
    const rows = await Promise.all([0, 1].map(async (index) => {
      const text = await Deno.readTextFile(`${labels}/labels-${index}.jsonl`);
      return text.split("\n").filter(Boolean).map((line) => JSON.parse(line).path as string);
    }));
    const found = rows.flat().map((each) => each.replace(/.*\//, ""));
    assertEquals([...new Set(found)].sort(), names);
  });
});

Deno.test("the InferenceService's command answers its probes", async () => {
  await withFolder(async (folder) => {
    const [container] = (await inferenceService()).spec.predictor.containers;
    const path = `${folder}/tiny.safetensors`;
    const model = await tinyModel();
    await saveModel(model, path);
    model.dispose();
    // A free port, of this machine alone.
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const args = container.args.map((word) =>
      word.replace("0.0.0.0", "127.0.0.1").replace("8080", String(port))
    );
    const child = new Deno.Command(Deno.execPath(), {
      args: [...args, "--model", path, "--max-batch=2", "--drain=0"],
      cwd: ROOT,
      env: { FER_SERVER_TOKEN: "of-the-secret", XDG_RUNTIME_DIR: "/tmp" },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const probe = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`).then(async (response) => {
        await response.body?.cancel();
        return response.status;
      }, () => 0);
    try {
      const { startupProbe, readinessProbe, livenessProbe } = container;
      await until("it has started", async () => await probe(startupProbe.httpGet.path) === 200);
      assertEquals(await probe(readinessProbe.httpGet.path), 200);
      assertEquals(await probe(livenessProbe.httpGet.path), 200);
      assertEquals(await probe("/v2"), 401);
    } finally {
      child.kill("SIGTERM");
      const { code, stderr } = await child.output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    }
  });
});

const DOCUMENTS = ["examples/server/README.md", "docs/scale.md"];

/** The commands in a document's shell blocks, one each. */
async function commandsIn(document: string): Promise<string[]> {
  const text = await Deno.readTextFile(ROOT + document);
  return [...text.matchAll(/^```sh\n([^]*?)^```$/gm)]
    .flatMap(([, block]) => block.replaceAll("\\\n", " ").split("\n"))
    .map((line) => line.replace(/\s+/g, " ").trim())
    .filter(Boolean);
}

Deno.test("the documents name tasks, flags and files that there are", async () => {
  const helps = new Map<string, string>();
  const help = async (task: string) => {
    const known = helps.get(task) ?? (await runTask(task as TaskName, ["--help"])).stdout;
    helps.set(task, known);
    return known;
  };
  let checked = 0;
  for (const document of DOCUMENTS) {
    for (const command of await commandsIn(document)) {
      const [program, verb, name] = command.split(" ");
      if (program !== "deno") continue;
      const run = verb === "run" ? splitRun(command.split(" ").slice(1)) : undefined;
      const task = run
        ? Object.keys(manifest.tasks).find((each) =>
          manifest.tasks[each as TaskName].command.endsWith(run.program)
        )
        : name;
      assert(task !== undefined && Object.hasOwn(manifest.tasks, task), command);
      for (const [flag] of (run?.args.join(" ") ?? command).matchAll(/--[a-z-]+/g)) {
        assertStringIncludes(await help(task), `${flag} `, command);
        checked++;
      }
      if (run) {
        const names = (flags: string[]) => flags.map((flag) => flag.replace(/=.*/, "")).toSorted();
        assertEquals(names(run.flags), names(taskRun(task as TaskName).flags), command);
      }
    }
    const text = await Deno.readTextFile(ROOT + document);
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      await Deno.stat(new URL(target, `file://${ROOT}${document}`));
    }
    const local = text.replace(/https?:\S+/g, "");
    for (const [, path] of local.matchAll(/((?:examples|tests|bench|docs)\/[\w./]+\w)/g)) {
      await Deno.stat(ROOT + path);
    }
    for (const [, task] of text.matchAll(/`deno task ([\w:-]+)/g)) {
      assert(Object.hasOwn(manifest.tasks, task), task);
    }
  }
  assert(checked >= 4);
});

Deno.test("the documents name figures that /metrics has, and the README shows --help", async () => {
  const server = await startServer();
  const headers = { "inference-header-content-length": "0" };
  const body = new Float32Array(48 * 48);
  const init = { method: "POST", body, headers };
  await (await fetch(`${server.url}/v2/models/fer/infer`, init)).body?.cancel();
  const page = await (await fetch(`${server.url}/metrics`)).text();
  await server.stop();
  const text = await Deno.readTextFile(`${ROOT}docs/scale.md`);
  const names = new Set(text.match(/\bfer_[a-z_]+/g));
  assert(names.size >= 6);
  for (const name of names) assertMatch(page, new RegExp(`^${name}[ {]`, "m"));
  const readme = await Deno.readTextFile(`${ROOT}examples/server/README.md`);
  assertStringIncludes(readme, `\`\`\`text\n${helpText()}\n\`\`\``);
});

const hasCurl = await new Deno.Command("sh", { args: ["-c", "command -v curl"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({ name: "the README's curl commands work (curl)", ignore: !hasCurl }, async () => {
  const commands = (await commandsIn(DOCUMENTS[0])).filter((each) => each.includes("curl "));
  assertEquals(commands.length, 4);
  const server = await startServer();
  await withFolder(async (folder) => {
    for (const command of commands) {
      const here = command
        .replaceAll("http://127.0.0.1:8080", server.url)
        .replaceAll("tests/", `${ROOT}tests/`)
        .replaceAll("curl ", "curl --silent --show-error --fail ");
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: ["-c", here],
        cwd: folder,
      }).output();
      const error = new TextDecoder().decode(stderr);
      assertEquals([code, error], [0, ""], command);
      const text = new TextDecoder().decode(stdout);
      if (command.includes("/recognize")) {
        const { pictures } = JSON.parse(text);
        assertEquals(pictures.length, command.match(/@/g)?.length);
        assert(pictures[0].faces[0].probabilities.length === 7);
      } else if (!command.includes("--output")) {
        assertEquals(JSON.parse(text).inputs[0].name, "pixels");
      }
    }
    assert((await Deno.readFile(`${folder}/logits.bin`)).length > 28);
  });
  await server.stop();
});

Deno.test("the arithmetic of docs/scale.md is right", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/scale.md`);
  /** The rows of a table by the beginning of its first heading, as numbers. */
  const table = (heading: string): number[][] => {
    const [, , ...lines] = text.slice(text.indexOf(`| ${heading}`)).split("\n\n")[0].split("\n");
    return lines.map((line) =>
      line.split("|").slice(1, -1).map((cell) => Number(/[\d,.]+/.exec(cell)?.[0].replace(",", "")))
    );
  };
  const average = 1e7 / 86_400;
  const peak = 3 * average;
  const spare = 0.7;
  assertStringIncludes(text, `= ${average.toFixed(1)} images a second`);
  assertStringIncludes(text, `${peak.toFixed(1)} a second`);

  const replicas = table("r, images/s");
  assertEquals(replicas.length, 5);
  for (const [r, busy, planned] of replicas) {
    assertEquals(busy, Math.ceil(average / r));
    assertEquals(planned, Math.max(2, Math.ceil(peak / (spare * r))));
  }
  const batches = table("load, a / r");
  assertEquals(batches.length, 4);
  for (const [load, b, ms, least] of batches) {
    const rate = load; // of r = 100 images a second
    const size = rate * 0.02 / (1 - load / 100);
    assertEquals(b, Math.round(size));
    assertEquals(ms, Math.round(1000 * (0.02 + size / 100)));
    assertEquals(least, ms);
  }
  const decoding = table("d, ms a picture");
  assertEquals(decoding.length, 3);
  for (const [d, most, onAverage, atPeak] of decoding) {
    assertEquals(most, 1000 / d);
    assertEquals(onAverage, Number((average * d / 1000).toFixed(1)));
    assertEquals(atPeak, Number((peak * d / 1000 / spare).toFixed(1)));
  }
  const { spec } = await labelJob();
  const share = 1e7 / spec.completions;
  assertStringIncludes(text, `hours for a shard of ${share.toLocaleString("en-US")}`);
  const pods = table("R, pictures/s");
  assertEquals(pods.length, 4);
  for (const [R, atATime, hours] of pods) {
    assertEquals(atATime, Math.ceil(average / R));
    assertEquals(hours, Number((share / R / 3600).toFixed(1)));
  }
  const bytes = 48 * 48 * 4;
  const prose = text.replace(/\s+/g, " ");
  assertStringIncludes(prose, `are ${bytes.toLocaleString("en-US")} bytes each`);
  assertStringIncludes(
    prose,
    `${(average * bytes / 1e6).toFixed(1)} MB a second on average, ${
      (peak * bytes / 1e6).toFixed(1)
    } at the`,
  );
});
