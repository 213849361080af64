/**
 * An ONNX graph under construction: operators, each on the value before.
 *
 * @module
 */
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "./onnx_message.ts";

/** A row of operators and their constants. */
export class OnnxGraph {
  /** The operators so far. */
  readonly nodes: OnnxNode[] = [];
  /** The constants so far. */
  readonly constants: OnnxTensor[] = [];

  #value: string;

  /** @param input The name of what the first operator takes. */
  constructor(input: string) {
    this.#value = input;
  }

  /**
   * Adds a constant.
   *
   * @param name Its name.
   * @param dims Its dimensions.
   * @param data Its elements.
   * @returns The name.
   */
  constant(name: string, dims: readonly number[], data: OnnxTensor["data"]): string {
    this.constants.push({ name, dims, data });
    return name;
  }

  /**
   * Adds an operator on the value before.
   *
   * @param opType The operator.
   * @param name Its name, and that of the value that it gives.
   * @param others The inputs after the first; an empty name leaves one out.
   * @param attributes What else it is told.
   */
  then(
    opType: string,
    name: string,
    others: readonly string[] = [],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): void {
    this.nodes.push({ opType, name, input: [this.#value, ...others], output: [name], attributes });
    this.#value = name;
  }

  /**
   * Splits the value before along its last axis; the next operator takes what {@linkcode goOnFrom}
   * says.
   *
   * @param name The operator's name.
   * @param parts The names of what it gives, and how many elements each has.
   */
  split(name: string, parts: ReadonlyMap<string, number>): void {
    const sizes = this.constant(
      `${name}.sizes`,
      [parts.size],
      BigInt64Array.from(parts.values(), BigInt),
    );
    this.nodes.push({
      opType: "Split",
      name,
      input: [this.#value, sizes],
      output: [...parts.keys()],
      attributes: { axis: 1 },
    });
  }

  /**
   * Has the next operator take another value than the last.
   *
   * @param value Its name.
   */
  goOnFrom(value: string): void {
    this.#value = value;
  }

  /**
   * Renames the last value.
   *
   * @param name What it is to be called.
   */
  nameLast(name: string): void {
    const last = this.nodes.pop();
    if (!last) throw new Error(`Cannot name ${name}: the graph has no operator`);
    this.nodes.push({ ...last, output: [name] });
    this.#value = name;
  }
}
