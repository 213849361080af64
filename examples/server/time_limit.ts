/**
 * How long a request may take, and what is said when it took longer.
 *
 * @module
 */
import { comeBack, Problem } from "./problem.ts";

/** Where a request is: its body is on its way, it waits, it is being computed. */
export type Stage = "body" | "queue" | "compute";

/** A request with an end. */
export interface TimeLimit {
  /** Aborted with the problem when time is up, or when the client has gone. */
  readonly signal: AbortSignal;
  /** Where the request is. */
  stage: Stage;
  /** Stops the clock. */
  dispose(): void;
}

/** How a request ends that is not answered. */
export interface TimeLimitOptions {
  /** The limit. */
  readonly seconds: number;
  /** Seconds after which a client may come back that waited in vain. */
  readonly retryAfter: () => number;
  /** Why a connection ended. */
  readonly whyBroken: () => Problem;
}

/**
 * Starts the clock for a request.
 *
 * @param request The request.
 * @param options The limit, and how it ends.
 * @returns The limit.
 */
export function limitTime(
  request: Request,
  { seconds, retryAfter, whyBroken }: TimeLimitOptions,
): TimeLimit {
  const controller = new AbortController();
  const limit: { stage: Stage } & TimeLimit = {
    signal: controller.signal,
    stage: "body",
    dispose() {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", onGone);
    },
  };
  const inTime = `within ${seconds} s`;
  const late: Readonly<Record<Stage, () => Problem>> = {
    body: () => new Problem(408, `The body did not come ${inTime}`),
    queue: () => comeBack(503, `The request's turn did not come ${inTime}`, retryAfter()),
    compute: () => new Problem(504, `The result did not come ${inTime}`),
  };
  const timer = setTimeout(() => controller.abort(late[limit.stage]()), seconds * 1000);
  const onGone = () => controller.abort(whyBroken());
  if (request.signal.aborted) onGone();
  else request.signal.addEventListener("abort", onGone, { once: true });
  return limit;
}
