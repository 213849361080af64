/** How a {@linkcode CsvParseStream} reads its text. */
export interface CsvParseStreamOptions {
  separator?: string;
  comment?: string;
  trimLeadingSpace?: boolean;
  lazyQuotes?: boolean;
  fieldsPerRecord?: number;
  skipFirstRow?: false;
}

/** Turns a stream of CSV text into a stream of rows. */
export class CsvParseStream implements TransformStream<string, string[]> {
  constructor(options?: CsvParseStreamOptions);
  readonly readable: ReadableStream<string[]>;
  readonly writable: WritableStream<string>;
}
