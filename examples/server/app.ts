/**
 * The routes: the Open Inference Protocol, pictures, health, figures.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { type Image, type RecognizedFace, VERSION } from "../../mod.ts";
import { type Batcher, QueueFullError } from "./batcher.ts";
import { ByteBudget, readBody } from "./body.ts";
import type { Connection } from "./listen.ts";
import type { Framer } from "./framer.ts";
import type { Log } from "./log.ts";
import { METRICS_TYPE } from "./metrics.ts";
import { decodePicture, findPictures, type Picture } from "./pictures.ts";
import { brokenOff, comeBack, Problem } from "./problem.ts";
import {
  encodeInferResponse,
  type FaceMode,
  type Framing,
  HEADER_LENGTH,
  modelMetadata,
  parseInferRequest,
  type ServedModel,
  serverMetadata,
} from "./protocol.ts";
import type { ServerFigures } from "./server_figures.ts";
import { limitTime } from "./time_limit.ts";
import type { TokenCheck } from "./token.ts";

/** What requests may have. */
export interface Limits {
  /** Bytes of a body. */
  readonly maxBody: number;
  /** Megapixels of a picture. */
  readonly maxMegapixels: number;
  /** Seconds from a request's arrival to its answer. */
  readonly timeout: number;
}

/** What answers. */
export interface Service {
  /** The model. */
  readonly model: ServedModel;
  /** From images in the model's size to logits. */
  readonly infer: Batcher<Float32Array, Float32Array>;
  /** From pictures to faces. */
  readonly recognize: Batcher<Image, readonly RecognizedFace[]>;
  /** From pictures to images. */
  readonly frame: Framer;
  /** Which pictures are framed by their faces where a request does not say. */
  readonly faces: FaceMode;
  /** What requests may have. */
  readonly limits: Limits;
  /** Whether new requests are welcome. */
  readonly isReady: () => boolean;
  /** What is counted. */
  readonly figures: ServerFigures;
  /** The log. */
  readonly log: Log;
  /** The token's check, if one is asked for. */
  readonly checkToken?: TokenCheck;
  /** Origins whose pages may ask, or `*` for all; none where left out. */
  readonly allowOrigin?: readonly string[];
}

/** What a request has gathered by its end. */
interface Variables {
  requestId: string;
  route: string;
  bytes: number;
  images: number;
}

type Env = { Bindings: Connection; Variables: Variables };

/** Bodies that may be in memory at once, each as long as may be. */
const BODIES_AT_ONCE = 32;
/** Seconds after which a client may come back that found no room for its body. */
const BODY_RETRY = 1;

/** These answer without the token: whoever probes them has none. */
const OPEN = /^\/v2\/(?:health\/(?:live|ready)|models\/[^/]+(?:\/versions\/[^/]+)?\/ready)\/?$/;

/** The longest identifier of a client that is taken over. */
const ID_LENGTH = 128;

/** An identifier with dots or colons, which Hono refuses though they are fit for a log; or a new one. */
function idOf(context: Context): string {
  const given = context.req.header("x-request-id");
  return given !== undefined && given.length <= ID_LENGTH && /^[\w.:-]+$/.test(given)
    ? given
    : crypto.randomUUID();
}

function asProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  return error instanceof QueueFullError ? comeBack(429, error.message, error.retryAfter) : null;
}

function errorResponse(context: Context<Env>, { status, message, headers }: Problem): Response {
  const type = { "content-type": "application/json" };
  return context.body(JSON.stringify({ error: message }), status as ContentfulStatusCode, {
    ...headers,
    ...type,
  });
}

/** A picture that was decoded. */
interface Decoded {
  readonly name?: string;
  readonly image: Image;
}

/** A picture that could not be. */
interface Failed {
  readonly name?: string;
  readonly error: string;
}

/** Decodes a picture. Of several a bad one is an error in its place; alone it is the request's. */
async function decodeOne(
  picture: Picture,
  maxMegapixels: number,
  isAlone: boolean,
): Promise<Decoded | Failed> {
  const { name } = picture;
  try {
    return { name, image: await decodePicture(picture, maxMegapixels) };
  } catch (error) {
    if (isAlone || !(error instanceof Problem)) throw error;
    return { name, error: error.message };
  }
}

/**
 * Makes the app.
 *
 * @param service What answers.
 * @returns The app; its `fetch` answers requests.
 */
export function createApp(service: Service): Hono<Env> {
  const { model, infer, recognize, limits, isReady, figures, log, checkToken, allowOrigin, frame } =
    service;
  const app = new Hono<Env>({ strict: false });
  const budget = new ByteBudget(BODIES_AT_ONCE * limits.maxBody);

  app.use(requestId({ limitLength: ID_LENGTH, generator: idOf }));
  // It speaks no TLS, and so cannot ask for it.
  app.use(secureHeaders({ strictTransportSecurity: false }));
  app.use(async (context, next) => {
    const started = performance.now();
    context.set("route", "other");
    await next();
    context.header("cache-control", "no-store");
    const seconds = (performance.now() - started) / 1000;
    const { method } = context.req;
    const { requestId: id, route, bytes, images } = context.var;
    const problem = asProblem(context.error);
    const status = problem?.status ?? context.res.status;
    figures.onRequest({ route, method, status, seconds });
    const level = status >= 500 ? "error" : "info";
    const ms = Math.round(seconds * 1e6) / 1000;
    // A refusal's message may quote what was sent; the log never does.
    const error = problem ? undefined : context.error?.message;
    log(level, "request", { id, method, route, status, ms, bytes, images, error });
  });

  if (allowOrigin && allowOrigin.length > 0) {
    // Before the token's check: a browser asks beforehand without it.
    app.use(cors({
      origin: allowOrigin.includes("*") ? "*" : [...allowOrigin],
      allowMethods: ["GET", "HEAD", "POST"],
      allowHeaders: ["authorization", "content-type", HEADER_LENGTH, "x-request-id"],
      exposeHeaders: [HEADER_LENGTH, "retry-after", "x-request-id"],
      maxAge: 600,
    }));
  }

  if (checkToken) {
    app.use(async (context, next) => {
      const isOpen = OPEN.test(context.req.path);
      if (!isOpen && !await checkToken(context.req.header("authorization") ?? null)) {
        throw new Problem(401, "Expected the header Authorization: Bearer with the token", {
          "www-authenticate": "Bearer",
        });
      }
      await next();
    });
  }

  app.use(methodNotAllowed({
    app,
    onMethodNotAllowed: (context, methods) =>
      errorResponse(
        context,
        new Problem(405, `Cannot ${context.req.method}: expected ${methods[0]}`, {
          allow: methods.join(", "),
        }),
      ),
  }));

  const on = (
    method: "GET" | "POST",
    paths: readonly string[],
    answer: (context: Context<Env>) => Response | Promise<Response>,
  ): void => {
    for (const path of paths) {
      app.on(method, path, async (context) => {
        context.set("route", paths[0]);
        return await answer(context);
      });
    }
  };
  const forModel = (end: string): string[] => [
    `/v2/models/:model${end}`,
    `/v2/models/:model/versions/:version${end}`,
  ];
  const checkModel = (context: Context<Env>): void => {
    const { model: name, version } = context.req.param() as { model: string; version?: string };
    if (name !== model.name) {
      throw new Problem(404, `There is no model ${name}: expected ${model.name}`);
    }
    if (version !== undefined && version !== model.version) {
      throw new Problem(404, `Model ${name} has no version ${version}: expected ${model.version}`);
    }
  };

  /** Reads a request, has its images computed in their turn, and answers, all in time. */
  const serve = async <Item, Result>(
    context: Context<Env>,
    batcher: Batcher<Item, Result>,
    read: (body: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<Item[]> | Item[],
    answer: (results: Result[]) => Response,
  ): Promise<Response> => {
    const request = context.req.raw;
    const whyBroken = () => brokenOff(context.env?.isGarbled?.() === true);
    const time = limitTime(request, {
      seconds: limits.timeout,
      retryAfter: () => batcher.retryAfter,
      whyBroken,
    });
    let held = 0;
    try {
      if (batcher.waiting >= batcher.queueLimit) {
        throw comeBack(429, "The queue is full", batcher.retryAfter);
      }
      const body = await readBody(request, {
        limit: limits.maxBody,
        signal: time.signal,
        whyBroken,
        onBytes(bytes) {
          if (!budget.take(bytes)) {
            throw comeBack(429, "There are too many long requests at once", BODY_RETRY);
          }
          held += bytes;
        },
      });
      context.set("bytes", body.length);
      time.stage = "queue";
      const items = await read(body, time.signal);
      context.set("images", items.length);
      if (items.length > batcher.queueLimit) {
        throw new Problem(
          413,
          `Expected at most ${batcher.queueLimit} images in a request, got ${items.length}`,
        );
      }
      const results = await batcher.submit(items, {
        signal: time.signal,
        onStart: () => time.stage = "compute",
      });
      return answer(results);
    } finally {
      budget.give(held);
      time.dispose();
    }
  };

  /** Makes images of a request's pictures. */
  const frameAll = async (
    files: readonly Uint8Array[],
    faces: FaceMode | null,
    signal: AbortSignal,
  ): Promise<{ images: Float32Array[]; framed: number }> => {
    if (files.length > infer.queueLimit) {
      throw new Problem(
        413,
        `Expected at most ${infer.queueLimit} images in a request, got ${files.length}`,
      );
    }
    const images: Float32Array[] = [];
    let framed = 0;
    for (const [i, bytes] of files.entries()) {
      const name = `pictures[${i}]`;
      const picture = await decodePicture({ name, bytes }, limits.maxMegapixels);
      signal.throwIfAborted();
      const { pixels, outcome } = await frame(picture, faces ?? service.faces);
      signal.throwIfAborted();
      // Whatever it were called, it would be by chance.
      if (outcome === "none") {
        throw new Problem(
          400,
          `Cannot infer: no face was found in ${name}; where it is filled by one, ask with the ` +
            'parameter "faces": "crop"',
        );
      }
      if (outcome === "framed") framed++;
      images.push(pixels);
    }
    return { images, framed };
  };

  on("GET", ["/v2/health/live"], (context) => context.json({ live: true }));
  on("GET", ["/v2/health/ready"], (context) => {
    const ready = isReady();
    return context.json({ live: true, ready }, ready ? 200 : 503);
  });
  on("GET", forModel("/ready"), (context) => {
    checkModel(context);
    const ready = isReady();
    return context.json({ name: model.name, ready }, ready ? 200 : 503);
  });
  on("GET", ["/v2"], (context) => context.json(serverMetadata(VERSION)));
  on("GET", forModel(""), (context) => {
    checkModel(context);
    return context.json(modelMetadata(model));
  });
  on("POST", forModel("/infer"), async (context) => {
    checkModel(context);
    let request: ReturnType<typeof parseInferRequest>;
    let framing: Framing | null = null;
    return await serve(
      context,
      infer,
      async (body, signal) => {
        request = parseInferRequest(body, context.req.header(HEADER_LENGTH) ?? null, model);
        if (!request.pictures) return [...request.images];
        const { images, framed } = await frameAll(request.pictures, request.faces, signal);
        framing = { framed, whole: images.length - framed };
        return images;
      },
      (logits) => {
        const { body, headers } = encodeInferResponse(request, logits, model, framing);
        return context.body(body, 200, headers);
      },
    );
  });
  on("POST", ["/recognize"], async (context) => {
    let outcomes: (Decoded | Failed)[] = [];
    return await serve(
      context,
      recognize,
      async (body) => {
        const pictures = await findPictures(body, context.req.header("content-type") ?? null);
        outcomes = [];
        for (const picture of pictures) {
          outcomes.push(await decodeOne(picture, limits.maxMegapixels, pictures.length === 1));
        }
        return outcomes.flatMap((each) => "image" in each ? [each.image] : []);
      },
      (faces) => {
        const results = faces.values();
        const pictures = outcomes.map((outcome) => {
          if ("error" in outcome) return outcome;
          const { name, image: { width, height } } = outcome;
          const found = results.next().value ?? [];
          return {
            ...{ name, width, height },
            faces: found.map(({ box, score, landmarks, crop, quality, probabilities }) => ({
              ...{ box, score, landmarks, crop, quality, probabilities },
            })),
          };
        });
        return context.json({ pictures });
      },
    );
  });
  on(
    "GET",
    ["/metrics"],
    (context) => context.body(figures.text(), 200, { "content-type": METRICS_TYPE }),
  );

  app.notFound((context) =>
    errorResponse(context, new Problem(404, `There is no ${context.req.path}`))
  );
  app.onError((error, context) => {
    const problem = asProblem(error) ??
      new Problem(500, `The server failed; its log says why, at request ${context.var.requestId}`);
    return errorResponse(context, problem);
  });
  return app;
}
