/**
 * A page's part in server-sent events, for tests.
 *
 * @module
 */

/** An event as it came. */
export interface ServerEvent {
  /** Its name. */
  readonly event: string;
  /** What it says. */
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

/** Listens to a dashboard. */
export class Listener {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(body: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /**
   * Begins to listen.
   *
   * @param url The dashboard's address.
   */
  static async to(url: string): Promise<Listener> {
    const { body } = await fetch(`${url}events`);
    if (!body) throw new Error(`${url}events has no body`);
    return new Listener(body);
  }

  /** The next event; null when the server has ended the stream. */
  async next(): Promise<ServerEvent | null> {
    while (!this.#text.includes("\n\n")) {
      const { value, done } = await this.#reader.read();
      if (done) return null;
      this.#text += value;
    }
    const end = this.#text.indexOf("\n\n");
    const fields = this.#text.slice(0, end).split("\n");
    this.#text = this.#text.slice(end + 2);
    const field = (name: string) =>
      fields.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
    return { event: field("event"), data: JSON.parse(field("data")) };
  }

  /** Goes away. */
  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}
