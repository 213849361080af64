/**
 * The network that comes with the library, trained.
 *
 * @module
 */
export * from "./load_pretrained.ts";
