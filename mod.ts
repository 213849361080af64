export * from "./src/emotions.ts";
export * from "./src/random.ts";
export * from "./src/backend.ts";
export * from "./src/data/dataset.ts";
export * from "./src/transforms/transform.ts";
