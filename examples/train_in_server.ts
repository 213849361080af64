// deno-lint-ignore-file no-console
/**
 * An HTTP server that goes on answering while it trains.
 *
 *     deno run --allow-read --allow-net=127.0.0.1 examples/train_in_server.ts 8000 700
 *
 * - `GET /` tells how the training goes.
 * - `POST /predict` recognizes the expression in a JPEG, PNG or WebP, with the network as it is by then;
 *   where a face does not fill the picture, it is found first.
 * - `POST /stop` ends the training.
 *
 * The arguments are the port (0 for any) and the number of drawn faces to train on.
 */
import {
  buildFerCnn,
  decodeImage,
  drawnFaces,
  type EpochLine,
  FerRecognizer,
  frameFace,
  predict,
  Trainer,
  type TrainingProgress,
  useWebGpu,
} from "../mod.ts";

const [port = "8000", images = "700"] = Deno.args;

const gpu = await useWebGpu();
const model = buildFerCnn({ filters: [8, 16, 32], hidden: 64, seed: 42 });
const recognizer = await FerRecognizer.load({ model });
const abort = new AbortController();
const state: {
  status: string;
  progress: TrainingProgress | null;
  epochs: EpochLine[];
} = { status: "training", progress: null, epochs: [] };

async function predictFace(bytes: Uint8Array): Promise<Response> {
  const { image, outcome } = await frameFace(recognizer, await decodeImage(bytes));
  if (outcome === "none") throw new Error("Cannot find a face in the picture");
  return Response.json(await predict(model, image));
}

async function answer(request: Request): Promise<Response> {
  const route = `${request.method} ${new URL(request.url).pathname}`;
  switch (route) {
    case "GET /":
      return Response.json(state);
    case "POST /predict":
      try {
        return await predictFace(await request.bytes());
      } catch (error) {
        return Response.json({ error: (error as Error).message }, { status: 400 });
      }
    case "POST /stop":
      abort.abort();
      return Response.json({ stopping: true });
    default:
      return Response.json({ error: `There is no ${route}` }, { status: 404 });
  }
}

function serve(): Deno.HttpServer {
  const onListen = (address: Deno.NetAddr) =>
    console.log(`http://${address.hostname}:${address.port}/`);
  try {
    return Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen }, answer);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    console.error(`error: Cannot listen on port ${port}: it is in use`);
    Deno.exit(1);
  }
}

const server = serve();
const faces = drawnFaces(Number(images), 42);
const trainer = new Trainer(model, { epochs: 10, seed: 42 }, {
  gpu,
  signal: abort.signal,
  callbacks: [{
    onProgress(progress) {
      state.progress = progress;
    },
    onEpochEnd(line) {
      state.epochs.push(line);
    },
  }],
});
try {
  const { stopped } = await trainer.fit(faces.split("Training"), faces.split("PublicTest"));
  state.status = `ended: ${stopped}`;
} catch (error) {
  state.status = `failed: ${(error as Error).message}`;
}
console.log(state.status);

await server.finished;
