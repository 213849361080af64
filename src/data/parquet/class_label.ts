/**
 * What the metadata of a Parquet file says of its columns, as Hugging Face's `datasets` writes it.
 *
 * @module
 */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The names of a ClassLabel: a list, or an object with the labels as keys. */
function namesOf(feature: unknown): readonly string[] | undefined {
  if (!isObject(feature)) return undefined;
  const { names } = feature;
  const list = isObject(names) ? Object.keys(names).map((_, label) => names[String(label)]) : names;
  const isList = Array.isArray(list) && list.length > 0 &&
    list.every((name) => typeof name === "string" && name.trim() !== "");
  return isList ? list : undefined;
}

/**
 * The names of a column's labels.
 *
 * @param metadata The file's metadata, by key.
 * @param column The column.
 * @returns One name a label, in the order of the labels; `undefined` where the file says none.
 */
export function classLabelNames(
  metadata: ReadonlyArray<{ readonly key: string; readonly value?: string }>,
  column: string,
): readonly string[] | undefined {
  const text = metadata.find(({ key }) => key === "huggingface")?.value;
  if (text === undefined) return undefined;
  try {
    const { info } = JSON.parse(text);
    return isObject(info) && isObject(info.features) ? namesOf(info.features[column]) : undefined;
  } catch {
    // What describes the labels badly is as good as nothing: the labels are there without it.
    return undefined;
  }
}
