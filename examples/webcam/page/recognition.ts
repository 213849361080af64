/// <reference lib="dom" />
/**
 * The worker that recognizes, as the page sees it.
 *
 * @module
 */
import type { RecognizeOptions } from "../../../mod.ts";
import type {
  Backend,
  FacesMessage,
  FailedMessage,
  FromWorker,
  ReadyMessage,
  ToWorker,
} from "./messages.ts";

/** The part of Trusted Types that is used. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

const SCRIPT = "worker.js";

/** The worker's script: the one address that the page's policy lets a worker come from. */
function scriptUrl(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  return (policy ??= trustedTypes?.createPolicy("worker", {
    createScriptURL: () => SCRIPT,
  }))?.createScriptURL(SCRIPT) ?? SCRIPT;
}
let policy: ReturnType<TrustedTypes["createPolicy"]> | undefined;

/** Who hears of what the worker does. */
export interface RecognitionEvents {
  onReady(message: ReadyMessage): void;
  /** @param milliseconds From when the frame was asked for. */
  onFaces(message: FacesMessage, milliseconds: number): void;
  onFailed(message: FailedMessage): void;
}

/** What is looked at. */
export interface Frame {
  /** What to take the pixels of. */
  readonly image: HTMLVideoElement | HTMLCanvasElement;
  readonly width: number;
  readonly height: number;
  /** The longest side that is looked at, in pixels. */
  readonly longest: number;
  readonly isStill: boolean;
  readonly options: RecognizeOptions;
}

/** Looks at one frame at a time. */
export class Recognition {
  readonly #events: RecognitionEvents;
  readonly #model: string | null;
  #worker: Worker | undefined;
  #isReady = false;
  #isBusy = false;
  #isNew = true;
  #frame = 0;
  /** Answers to earlier frames are of something else. */
  #first = 1;
  #begun = 0;

  constructor(model: string | null, events: RecognitionEvents) {
    this.#model = model;
    this.#events = events;
  }

  /** Whether a frame would be looked at now. */
  get isIdle(): boolean {
    return this.#isReady && !this.#isBusy;
  }

  /** Starts it, or starts it anew. */
  start(backend: Backend): void {
    this.#worker?.terminate();
    this.#isReady = false;
    this.#isBusy = false;
    this.#isNew = true;
    const worker = new Worker(scriptUrl(), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
    worker.onerror = (event) => {
      const message = event.message || "the worker's script could not be loaded";
      this.#events.onFailed({ kind: "failed", what: "start", frame: 0, message });
    };
    this.#worker = worker;
    this.#tell({ kind: "start", model: this.#model, backend });
  }

  /** What comes now has nothing to do with what came before. */
  reset(): void {
    this.#isNew = true;
    this.#first = this.#frame + 1;
  }

  /**
   * Looks at a frame, if it is idle.
   *
   * @returns Whether it does.
   */
  async look({ image, width, height, longest, isStill, options }: Frame): Promise<boolean> {
    if (!this.isIdle || width * height === 0) return false;
    this.#isBusy = true;
    const frame = ++this.#frame;
    const begun = performance.now();
    this.#begun = begun;
    const scale = Math.min(1, longest / Math.max(width, height));
    let bitmap: ImageBitmap;
    try {
      bitmap = await createImageBitmap(image, {
        resizeWidth: Math.max(1, Math.round(width * scale)),
        resizeHeight: Math.max(1, Math.round(height * scale)),
        resizeQuality: isStill ? "high" : "low",
      });
    } catch {
      // A stream that ended in between has no frame to give.
      this.#isBusy = false;
      return false;
    }
    const isNew = this.#isNew;
    this.#isNew = false;
    const seconds = isStill ? null : begun / 1000;
    this.#tell({ kind: "frame", frame, bitmap, seconds, isNew, options }, [bitmap]);
    return true;
  }

  #tell(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        this.#isReady = true;
        return this.#events.onReady(message);
      case "faces":
        this.#isBusy = false;
        if (message.frame < this.#first) return;
        return this.#events.onFaces(message, performance.now() - this.#begun);
      case "failed":
        this.#isBusy = false;
        if (message.what === "frame" && message.frame < this.#first) return;
        return this.#events.onFailed(message);
    }
  }
}
