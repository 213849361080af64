/**
 * The messages of TensorBoard's event files, as protocol buffers: as much of `event.proto`,
 * `summary.proto` and the hparams plugin's `plugin_data.proto` as is written.
 *
 * @module
 */

/** A value of JSON that a hyperparameter may have. */
export type HyperparameterValue = number | string | boolean;

/** What an event says. */
export type EventContent =
  | { readonly fileVersion: string }
  /** What earlier files say of steps from this one on does not count any more. */
  | { readonly sessionLog: { readonly status: 1 } }
  | { readonly summary: { readonly value: readonly SummaryValue[] } };

/** A value of a summary. */
export type SummaryValue =
  | { readonly tag: string; readonly simpleValue: number }
  | {
    readonly tag: string;
    readonly image: {
      readonly height: number;
      readonly width: number;
      readonly colorspace: 3;
      readonly encodedImageString: Uint8Array;
    };
  }
  | { readonly tag: string; readonly metadata: Readonly<Record<string, unknown>> };

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: "repeated", type, id });

const SCHEMA = {
  nested: {
    Event: {
      oneofs: { what: { oneof: ["fileVersion", "summary", "sessionLog"] } },
      fields: {
        wallTime: field("double", 1),
        step: field("int64", 2),
        fileVersion: field("string", 3),
        summary: field("Summary", 5),
        sessionLog: field("SessionLog", 7),
      },
    },
    SessionLog: { fields: { status: field("int32", 1) } },
    Summary: { fields: { value: repeated("Value", 1) } },
    Value: {
      oneofs: { kind: { oneof: ["simpleValue", "image"] } },
      fields: {
        tag: field("string", 1),
        simpleValue: field("float", 2),
        image: field("Image", 4),
        metadata: field("Metadata", 9),
      },
    },
    Image: {
      fields: {
        height: field("int32", 1),
        width: field("int32", 2),
        colorspace: field("int32", 3),
        encodedImageString: field("bytes", 4),
      },
    },
    Metadata: { fields: { pluginData: field("PluginData", 1) } },
    PluginData: { fields: { pluginName: field("string", 1), content: field("bytes", 2) } },
    HParams: {
      fields: {
        version: field("int32", 1),
        experiment: field("Experiment", 2),
        sessionStartInfo: field("SessionStart", 3),
        sessionEndInfo: field("SessionEnd", 4),
      },
    },
    Experiment: {
      fields: { hparamInfos: repeated("HParamInfo", 4), metricInfos: repeated("MetricInfo", 5) },
    },
    HParamInfo: { fields: { name: field("string", 1), type: field("int32", 4) } },
    MetricInfo: { fields: { name: field("MetricName", 1), displayName: field("string", 3) } },
    MetricName: { fields: { group: field("string", 1), tag: field("string", 2) } },
    SessionStart: {
      fields: {
        hparams: { keyType: "string", type: "JsonValue", id: 1 },
        groupName: field("string", 4),
        startTimeSecs: field("double", 5),
      },
    },
    SessionEnd: { fields: { status: field("int32", 1), endTimeSecs: field("double", 2) } },
    JsonValue: {
      oneofs: { kind: { oneof: ["numberValue", "stringValue", "boolValue"] } },
      fields: {
        numberValue: field("double", 2),
        stringValue: field("string", 3),
        boolValue: field("bool", 4),
      },
    },
  },
};

/** The hparams plugin's numbers of kinds and ends. */
const KIND = { string: 1, boolean: 2, number: 3 } as const;
const END = { success: 1, failure: 2 } as const;

/** How a metric is shown beside hyperparameters. */
export interface ShownMetric {
  /** The tag of its scalar. */
  readonly tag: string;
  /** What it is called. */
  readonly name: string;
}

/** Writes messages. */
export interface Messages {
  /** An event, at a time in seconds since 1970. */
  event(seconds: number, step: number, content: EventContent): Uint8Array;
  /** The hyperparameters of a run, and what is shown beside them. */
  begin(
    hyperparameters: ReadonlyMap<string, HyperparameterValue>,
    metrics: readonly ShownMetric[],
    seconds: number,
  ): SummaryValue[];
  /** The end of a run. */
  end(isSuccess: boolean, seconds: number): SummaryValue;
}

/** Loads the encoder. */
export async function loadMessages(): Promise<Messages> {
  const { default: protobuf } = await import("protobufjs");
  const root = protobuf.Root.fromJSON(SCHEMA);
  const encode = (name: string, message: Readonly<Record<string, unknown>>): Uint8Array => {
    const type = root.lookupType(name);
    return type.encode(type.fromObject(message)).finish();
  };
  const hparams = (name: string, message: Readonly<Record<string, unknown>>): SummaryValue => ({
    tag: `_hparams_/${name}`,
    metadata: {
      pluginData: { pluginName: "hparams", content: encode("HParams", { version: 0, ...message }) },
    },
  });
  return {
    event: (wallTime, step, content) => encode("Event", { wallTime, step, ...content }),
    begin(hyperparameters, metrics, startTimeSecs) {
      const all = [...hyperparameters];
      const typed = Object.fromEntries(
        all.map(([name, value]) => [name, {
          [`${typeof value === "boolean" ? "bool" : typeof value}Value`]: value,
        }]),
      );
      return [
        hparams("experiment", {
          experiment: {
            hparamInfos: all.map(([name, value]) => ({
              name,
              type: KIND[typeof value as keyof typeof KIND],
            })),
            metricInfos: metrics.map(({ tag, name }) => ({ name: { tag }, displayName: name })),
          },
        }),
        hparams("session_start_info", { sessionStartInfo: { hparams: typed, startTimeSecs } }),
      ];
    },
    end: (isSuccess, endTimeSecs) =>
      hparams("session_end_info", {
        sessionEndInfo: { status: isSuccess ? END.success : END.failure, endTimeSecs },
      }),
  };
}
