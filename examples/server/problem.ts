/**
 * Why a request is not answered as it wished.
 *
 * @module
 */

/** What nginx logs for a client that has gone; nobody is there to read it. */
const CLIENT_GONE = 499;

/** Thrown to end a request with a status and a message that says what was expected and found. */
export class Problem extends Error {
  /** The class's name. */
  override readonly name = "Problem";
  /** The HTTP status. */
  readonly status: number;
  /** Headers to send along. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param status The HTTP status.
   * @param message What the client reads.
   * @param headers Headers to send along.
   */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * Why a request broke off.
 *
 * @param isGarbled Whether its connection brought what is no HTTP.
 * @returns 400 for that, or else 499: its client has gone.
 */
export function brokenOff(isGarbled: boolean): Problem {
  return isGarbled
    ? new Problem(400, "Cannot read the body: it is not sent as HTTP has it")
    : new Problem(CLIENT_GONE, "The client has gone");
}

/**
 * A refusal for now.
 *
 * @param status 429 or 503.
 * @param message What the client reads.
 * @param seconds After which it may try again.
 * @returns The problem, with `Retry-After`.
 */
export function comeBack(status: 429 | 503, message: string, seconds: number): Problem {
  return new Problem(status, message, { "retry-after": String(seconds) });
}
