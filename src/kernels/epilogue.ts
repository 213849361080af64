/**
 * What a product does to an output before it is stored: adds a bias, applies an activation.
 *
 * @module
 */

/** The activations that products apply themselves. */
export const ACTIVATIONS = ["linear", "relu", "relu6", "sigmoid", "elu"] as const;

/** One of {@linkcode ACTIVATIONS}. */
export type Activation = typeof ACTIVATIONS[number];

const expressions: Record<Activation, string> = {
  linear: "v",
  // max() may take the 0 where v is no number, and hide damaged weights.
  relu: "select(v, vec4f(), v < vec4f())",
  relu6: "clamp(v, vec4f(), vec4f(6.0))",
  sigmoid: "1.0 / (1.0 + exp(-v))",
  elu: "select(exp(v) - 1.0, v, v >= vec4f())",
};

/** Whether products apply an activation of this name. */
export function isActivation(name: string): name is Activation {
  return (ACTIVATIONS as readonly string[]).includes(name);
}

/**
 * WGSL: `fn finish(v: vec4f, column: u32) -> vec4f`.
 *
 * @param bias Name of the bias's `array<f32>` of `columns` elements, if there is one.
 * @param columns WGSL of how many columns there are.
 * @param activation What to apply after the bias.
 */
export function epilogue(bias: string | null, columns: string, activation: Activation): string {
  const at = (e: number) => `${bias}[min(column + ${e}u, ${columns} - 1u)]`;
  const add = bias ? ` + vec4f(${[0, 1, 2, 3].map(at).join(", ")})` : "";
  return `fn finish(value: vec4f, column: u32) -> vec4f {
  let v = value${add};
  return ${expressions[activation]};
}`;
}

/**
 * WGSL: `fn finish(v: f32, column: u32) -> f32`, the same for one value.
 *
 * @param bias Name of the bias's `array<f32>`, if there is one; it has an element a column.
 * @param activation What to apply after the bias.
 */
export function epilogue1(bias: string | null, activation: Activation): string {
  const expression = expressions[activation].replaceAll("vec4f()", "0.0").replace(
    "vec4f(6.0)",
    "6.0",
  );
  return `fn finish(value: f32, column: u32) -> f32 {
  let v = value${bias ? ` + ${bias}[column]` : ""};
  return ${expression};
}`;
}

/**
 * WGSL: `fn store4(at: u32, column: u32, v: vec4f)`, which stores up to four neighbours in `array`,
 * leaving out those from `columns` on.
 *
 * @param array Name of the output: `array<vec4f>` when `wide`, else `array<f32>`.
 * @param columns WGSL of how many columns there are; a multiple of 4 when `wide`.
 * @param wide Whether four are stored at once.
 */
export function store4(array: string, columns: string, wide: boolean): string {
  const body = wide
    ? `  ${array}[at / 4u] = v;`
    : [0, 1, 2, 3].map((e) =>
      `  if (column + ${e}u < ${columns}) { ${array}[at + ${e}u] = v.${"xyzw"[e]}; }`
    ).join("\n");
  return `fn store4(at: u32, column: u32, v: vec4f) {\n${body}\n}`;
}
