/**
 * What the routes stand on: the network and the recognizer behind a queue each, sharing the GPU.
 *
 * @module
 */
import type { FindsFaces, Image, RecognizedFace } from "../../mod.ts";
import type { Service } from "./app.ts";
import { Batcher, batchSizes } from "./batcher.ts";
import { framerFor } from "./framer.ts";
import type { Log } from "./log.ts";
import { oneAtATime } from "./one_at_a_time.ts";
import type { ServerOptions } from "./options.ts";
import type { ServedModel } from "./protocol.ts";
import type { ServerFigures } from "./server_figures.ts";
import type { TokenCheck } from "./token.ts";

const MIB = 2 ** 20;

/** What computes logits. */
export interface LogitsSource {
  /** What the protocol says of it. */
  readonly served: ServedModel;
  /** The most images that it takes at once. */
  readonly largestBatch: number;
  /** Computes a batch. */
  logits(images: readonly Float32Array[]): Promise<Float32Array[]>;
}

/** What finds and recognizes faces. */
export interface FaceSource extends FindsFaces {
  /** Recognizes the faces of several pictures. */
  recognizeMany(pictures: readonly Image[]): Promise<readonly (readonly RecognizedFace[])[]>;
}

/** What a service is made of. */
export interface ServiceParts {
  /** What computes logits. */
  readonly network: LogitsSource;
  /** What recognizes faces. */
  readonly recognizer: FaceSource;
  /** Batch sizes and limits. */
  readonly options: ServerOptions;
  /** Whether new requests are welcome. */
  readonly isReady: () => boolean;
  /** What is counted. */
  readonly figures: ServerFigures;
  /** The log. */
  readonly log: Log;
  /** The token's check, if one is asked for. */
  readonly checkToken?: TokenCheck;
}

/**
 * Makes a service.
 *
 * @param parts What it is made of.
 * @returns The service.
 */
export function makeService(parts: ServiceParts): Service {
  const { network, recognizer, options, isReady, figures, log, checkToken } = parts;
  const { maxDelay, maxBody, maxMegapixels, timeout } = options;
  const inTurn = oneAtATime();
  const infer = new Batcher<Float32Array, Float32Array>({
    sizes: batchSizes(Math.min(options.maxBatch, network.largestBatch)),
    maxDelay,
    queueLimit: options.queue,
    run: (images) => inTurn(() => network.logits(images)),
    onBatch: (batch) => figures.onBatch("infer", batch),
  });
  const recognize = new Batcher<Image, readonly RecognizedFace[]>({
    sizes: batchSizes(options.pictureBatch),
    maxDelay,
    queueLimit: options.pictureQueue,
    run: (pictures) => inTurn(() => recognizer.recognizeMany(pictures)),
    onBatch: (batch) => figures.onBatch("recognize", batch),
  });
  figures.watch({ infer, recognize });
  const limits = { maxBody: Math.floor(maxBody * MIB), maxMegapixels, timeout };
  const { allowOrigin, faces } = options;
  const frame = framerFor(recognizer, network.served, inTurn);
  return {
    ...{ model: network.served, infer, recognize, limits, isReady, figures, log, checkToken },
    ...{ allowOrigin, faces, frame },
  };
}
