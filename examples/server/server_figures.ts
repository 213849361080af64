/**
 * What the server counts.
 *
 * @module
 */
import type { BatchRecord, QueueState } from "./batcher.ts";
import { type Gauge, type Labels, Metrics } from "./metrics.ts";
import { gpuBytes, tensors } from "./network.ts";

/** A request that has been answered. */
export interface RequestRecord {
  /** The pattern of its path. */
  readonly route: string;
  /** The HTTP method. */
  readonly method: string;
  /** The HTTP status. */
  readonly status: number;
  /** How long it took. */
  readonly seconds: number;
}

/** What the server counts. */
export interface ServerFigures {
  /** Counts a request. */
  readonly onRequest: (request: RequestRecord) => void;
  /** Counts a batch of a queue. */
  readonly onBatch: (queue: string, batch: BatchRecord) => void;
  /** Adds the state of the queues. */
  readonly watch: (queues: Readonly<Record<string, QueueState>>) => void;
  /** Everything, as Prometheus reads it. */
  readonly text: () => string;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const IMAGES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const METHODS = new Set(["GET", "HEAD", "POST"]);

/**
 * Makes the server's figures.
 *
 * @param info What is told once: version, adapter, model.
 * @param isReady Whether new requests are welcome.
 */
export function serverFigures(
  info: Readonly<Record<string, string>>,
  isReady: () => boolean,
): ServerFigures {
  const metrics = new Metrics();
  const requests = metrics.counter("fer_http_requests_total", "Requests answered.");
  const latency = metrics.histogram(
    "fer_http_request_seconds",
    "Time from a request's headers to its answer.",
    SECONDS,
  );
  const images = metrics.counter("fer_images_total", "Images computed.");
  const sizes = metrics.histogram("fer_batch_images", "Images in a batch.", IMAGES);
  const shared = metrics.counter("fer_batch_requests_total", "Requests that batches came from.");
  const times = metrics.histogram("fer_batch_seconds", "Time of a batch on the GPU.", SECONDS);
  metrics.gauge("fer_info", "Version, adapter and model; always 1.", [[info, () => 1]]);
  metrics.gauge("fer_ready", "Whether new requests are welcome.", () => isReady() ? 1 : 0);
  metrics.gauge("fer_gpu_memory_bytes", "Memory that tensors take on the GPU.", gpuBytes);
  metrics.gauge("fer_tensors", "Tensors that are alive.", tensors);
  metrics.gauge(
    "process_resident_memory_bytes",
    "Memory of the process.",
    () => Deno.memoryUsage().rss,
  );
  const started = (performance.timeOrigin) / 1000;
  metrics.gauge(
    "process_start_time_seconds",
    "When the process started, in seconds since 1970.",
    () => started,
  );
  return {
    onRequest({ route, method, status, seconds }) {
      // Clients may invent methods; series are for ever.
      const known = METHODS.has(method) ? method : "other";
      requests.add({ route, method: known, status: String(status) });
      latency.observe(seconds, { route });
    },
    onBatch(queue, batch) {
      images.add({ queue }, batch.images);
      sizes.observe(batch.images, { queue });
      shared.add({ queue }, batch.requests);
      times.observe(batch.seconds, { queue });
    },
    watch(queues) {
      const each = (read: (state: QueueState) => number | undefined) =>
        Object.entries(queues).map(([queue, state]): [Labels, Gauge] => [
          { queue },
          () => read(state),
        ]);
      metrics.gauge("fer_queue_images", "Images that wait.", each(({ waiting }) => waiting));
      metrics.gauge("fer_running_images", "Images in the batch.", each(({ running }) => running));
      metrics.gauge(
        "fer_queue_limit_images",
        "The most images that wait.",
        each(({ queueLimit }) => queueLimit),
      );
      metrics.gauge(
        "fer_images_per_second",
        "The rate of the last batches.",
        each(({ rate }) => rate),
      );
    },
    text: () => metrics.text(),
  };
}
