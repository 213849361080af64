/**
 * What the library knows of a network: all of it in the network's own file.
 *
 * @module
 */
import { FERPLUS_CLASSES, PIXEL_MEAN, PIXEL_STD } from "../../emotions.ts";
import { type ArchitectureConfig, type FerModel, setDescription } from "../description.ts";
import type { TorchNetwork } from "./torch_modules.ts";

/** What every network is built from; a network adds options of its own. */
export interface CommonNetworkOptions extends Readonly<Record<string, unknown>> {
  /** Class names, in the order of the logits. */
  readonly classes?: readonly string[];
  /** Whether a second output tells FER+'s classes: its logits follow the first one's. */
  readonly ferPlus?: boolean;
  /** Height and width of the images, in pixels. */
  readonly size?: number;
  /** Seed of everything random. */
  readonly seed?: number;
}

/** A network that model files and recipes can name. */
export interface NetworkDefinition {
  /** The name, for instance `ferCnn`. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly about: string;
  /**
   * Builds the network and describes it with {@linkcode describeNetwork}. Options that it does not
   * know are passed over; those out of range are a `RangeError`.
   *
   * @param options What departs from its defaults.
   * @param weights Random ones, or zeros for weights that are about to be filled in.
   */
  readonly build: (options: CommonNetworkOptions, weights: "random" | "zeros") => FerModel;
  /** Options with which it learns drawn faces in a minute or two, in software too. */
  readonly onDrawnFaces?: Readonly<Record<string, unknown>>;
  /** Its twin in PyTorch. */
  readonly torch?: TorchNetwork;
}

/** What a builder says of the network that it made. */
export interface NetworkFacts {
  /** Its name, and the options that build it again. */
  readonly architecture: ArchitectureConfig;
  /** Class names, in the order of the logits. */
  readonly classes: readonly string[];
  /** Whether the logits of FER+'s eight classes follow. */
  readonly ferPlus?: boolean;
  /** Height and width to which images are resized, in pixels. */
  readonly size: number;
}

/**
 * Has a tfjs model say what it is, so that it trains, predicts and is saved like the library's own.
 *
 * @param model Takes float32 `[batch, size, size, 1]` in [-1, 1] and gives logits `[batch, classes]`,
 * with `ferPlus` eight more.
 * @param facts What it is.
 * @returns The same model.
 */
export function describeNetwork(
  model: FerModel,
  { architecture, classes, ferPlus = false, size }: NetworkFacts,
): FerModel {
  const { name, options } = architecture;
  setDescription(model, {
    architecture: { name, options: { ...options, ...(ferPlus && { ferPlus }) } },
    classes: [...classes],
    preprocessing: { size, mean: PIXEL_MEAN, std: PIXEL_STD, resize: "bilinear" },
    temperature: 1,
    ...(ferPlus && { ferPlus: { classes: [...FERPLUS_CLASSES], temperature: 1 } }),
  });
  return model;
}
