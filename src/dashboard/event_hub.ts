/**
 * Server-sent events to any number of pages.
 *
 * @module
 */

/** Events that may wait for a page that does not read; then it is let go, and comes back by itself. */
const MOST_WAITING = 100;
/** Milliseconds after which a page that lost its connection tries again. */
const RETRY = 2000;

const encoder = new TextEncoder();

function message(event: string, data: unknown): Uint8Array {
  // JSON has no raw line break, which would end the field.
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Sends the same events to every page that listens. */
export class EventHub {
  readonly #pages = new Set<ReadableStreamDefaultController<Uint8Array>>();

  /** The pages that listen. */
  get size(): number {
    return this.#pages.size;
  }

  /**
   * Lets a page listen.
   *
   * @param event The name of the event that it hears first.
   * @param data What that event says.
   * @returns The body of the answer.
   */
  connect(event: string, data: unknown): ReadableStream<Uint8Array> {
    let page: ReadableStreamDefaultController<Uint8Array>;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        page = controller;
        page.enqueue(encoder.encode(`retry: ${RETRY}\n`));
        page.enqueue(message(event, data));
        this.#pages.add(page);
      },
      cancel: () => {
        this.#pages.delete(page);
      },
    }, { highWaterMark: MOST_WAITING });
  }

  /**
   * Sends an event to all pages.
   *
   * @param event Its name.
   * @param data What it says.
   */
  send(event: string, data: unknown): void {
    if (this.#pages.size === 0) return;
    const bytes = message(event, data);
    for (const page of this.#pages) {
      page.enqueue(bytes);
      if ((page.desiredSize ?? 0) <= 0) this.#letGo(page);
    }
  }

  /** Ends every page's stream, after what was sent. */
  close(): void {
    for (const page of this.#pages) this.#letGo(page);
  }

  #letGo(page: ReadableStreamDefaultController<Uint8Array>): void {
    this.#pages.delete(page);
    page.close();
  }
}
