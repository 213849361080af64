/**
 * The commands of `fer`. What each does is loaded when it is asked for.
 *
 * @module
 */
import type { Program } from "./program.ts";

/** A command, not yet loaded. */
export interface CommandEntry {
  /** What it does, in one line without a full stop. */
  readonly about: string;
  /** Loads it. */
  load(): Promise<{ readonly PROGRAM: Program }>;
}

/** The commands by their names, in the order in which they are shown. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  predict: {
    about: "Recognize the expression of the face in JPEG, PNG or WebP files",
    load: () => import("./predict.ts"),
  },
  explain: {
    about: "Show which parts of a face speak for its expression (Grad-CAM), as PNG",
    load: () => import("./explain.ts"),
  },
  label: {
    about: "Recognize the faces in folders of pictures, into a JSONL or CSV file",
    load: () => import("./label.ts"),
  },
  webcam: {
    about: "Recognize expressions in a camera, picture or video, on a page in the browser",
    load: () => import("./webcam.ts"),
  },
  serve: {
    about: "Recognize expressions over HTTP: the Open Inference Protocol, and pictures",
    load: () => import("./serve.ts"),
  },
  train: {
    about: "Train a network on FER-2013, a folder of images, or drawn faces",
    load: () => import("./train.ts"),
  },
  evaluate: {
    about: "Measure a model on a split of a data set",
    load: () => import("./evaluate.ts"),
  },
  report: {
    about: "Write a run's report.html anew",
    load: () => import("./report.ts"),
  },
  compare: {
    about: "Set runs side by side: figures, curves, settings, a test of the difference",
    load: () => import("./compare.ts"),
  },
  export: {
    about: "Write a model for ONNX Runtime, PyTorch or plain tfjs",
    load: () => import("./export.ts"),
  },
  doctor: {
    about: "Say whether this machine can train, and what to do where it cannot",
    load: () => import("./doctor.ts"),
  },
  tune: {
    about: "Find the fastest kernels for this adapter, for train --tuning auto",
    load: () => import("./tune.ts"),
  },
  completions: {
    about: "Print what has bash, zsh or fish complete commands and flags",
    load: () => import("./completions.ts"),
  },
};

/** The names of the commands. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/**
 * Runs a command to its end and leaves the process with its exit code.
 *
 * @param name One of {@linkcode COMMAND_NAMES}.
 * @param args What follows its name.
 */
export async function runCommand(name: string, args: readonly string[]): Promise<never> {
  const { PROGRAM } = await COMMANDS[name].load();
  return await PROGRAM.run(args);
}
