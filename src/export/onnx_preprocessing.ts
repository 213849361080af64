/**
 * Preprocessing as ONNX's operators: what `predict()` does to a picture, to within a grey level.
 *
 * @module
 */
import type { Preprocessing } from "../model/description.ts";
import type { OnnxGraph } from "./onnx_graph.ts";
import { ELEMENT } from "./onnx_message.ts";

const integers = (...values: number[]): BigInt64Array => BigInt64Array.from(values, BigInt);

/**
 * Appends preprocessing to a graph whose last value is pictures, uint8
 * `[batch, height, width, channels]`, grey, RGB or RGBA: grey, resized, scaled, normalized.
 *
 * @param preprocessing The size of what comes out, mean and deviation.
 * @param graph The graph.
 */
export function appendPreprocessing(preprocessing: Preprocessing, graph: OnnxGraph): void {
  const { size, mean, std } = preprocessing;
  const constant = (name: string, data: BigInt64Array) =>
    graph.constant(`preprocess.${name}`, [data.length], data);
  const scalar = (name: string, data: Float32Array | Int32Array) =>
    graph.constant(`preprocess.${name}`, [], data);
  const then = (opType: string, name: string, ...others: string[]) =>
    graph.then(opType, `preprocess.${name}`, others);

  // Without its opacity. A grey picture's one channel is then multiplied by all three weights of
  // luma, whose sum is 65,536: it remains what it is.
  then(
    "Slice",
    "colour",
    ...[["first", 0], ["end", 3], ["axis", 3]].map(([name, at]) =>
      constant(`${name}`, integers(Number(at)))
    ),
  );
  graph.then("Cast", "preprocess.integers", [], { to: ELEMENT.int32 });
  const luma = graph.constant("preprocess.luma", [3], Int32Array.of(19_595, 38_470, 7_471));
  then("Mul", "weighted", luma);
  graph.then("ReduceSum", "preprocess.sum", [constant("channels", integers(3))], { keepdims: 0 });
  then("Add", "rounded", scalar("half", Int32Array.of(32_768)));
  then("Div", "grey", scalar("whole", Int32Array.of(65_536)));
  graph.then("Cast", "preprocess.bytes", [], { to: ELEMENT.uint8 });
  then("Unsqueeze", "planes", constant("plane", integers(1)));
  graph.then("Resize", "preprocess.resized", ["", "", constant("size", integers(size, size))], {
    mode: "linear",
    antialias: 1,
    // Pillow weighs what lies inside of the picture alone.
    exclude_outside: 1,
    axes: [2, 3],
  });
  graph.then("Cast", "preprocess.floats", [], { to: ELEMENT.float32 });
  then("Div", "scaled", scalar("most", Float32Array.of(255)));
  then("Sub", "centred", scalar("mean", Float32Array.of(mean)));
  then("Div", "pixels", scalar("deviation", Float32Array.of(std)));
}
