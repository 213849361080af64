/**
 * The networks in PyTorch.
 *
 * @module
 */

import type { TorchNetwork } from "../model/networks/torch_modules.ts";
import { networks } from "../model/networks/registry.ts";

/** The first line, by which a file is known for one of these. */
export const PYTORCH_TITLE = '"""Networks of @fer/core in PyTorch, and their weight files.';

/** The networks that have a twin in PyTorch, by their names. */
function twins(): Array<readonly [name: string, torch: TorchNetwork]> {
  return networks().flatMap(({ name, torch }) => torch ? [[name, torch] as const] : []);
}

/**
 * A Python module that builds the network of a model file and fills it.
 *
 * @returns The module's text.
 */
export function pytorchProgram(): string {
  return `${PYTORCH_TITLE}

    model, metadata = load("model.safetensors")
    logits = model(pixels)  # float32 [N, 1, 48, 48]: (sample / 255 - 0.5) / 0.5
    probabilities = probabilities_of(logits, metadata)["fer2013"]
"""

import json
import struct
from collections import OrderedDict

import torch
from torch import nn


${twins().map(([, { program }]) => program).join("\n\n\n")}


NETWORKS = {${twins().map(([name, { builder }]) => `"${name}": ${builder}`).join(", ")}}
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}


def read_safetensors(path):
    """Tensors and metadata by name; safetensors.torch.load_file() gives the same tensors."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    metadata = {key: json.loads(text) for key, text in header.pop("__metadata__").items()}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensor = torch.frombuffer(data[begin:end], dtype=DTYPES[entry["dtype"]])
        tensors[name] = tensor.reshape(entry["shape"])
    return tensors, metadata


def load(path):
    """The network in a model file, ready to predict, and what the file says of it."""
    tensors, metadata = read_safetensors(path)
    architecture = metadata["architecture"]
    outputs = sum(len(head["classes"]) for head in heads_of(metadata).values())
    network = NETWORKS[architecture["name"]](outputs, **architecture["options"])
    network.load_state_dict(tensors)
    return network.eval(), metadata


def heads_of(metadata):
    """What the outputs mean, in the order of their logits: FER-2013's labels, then FER+'s votes."""
    heads = {"fer2013": metadata}
    if "ferPlus" in metadata:
        heads["ferplus"] = metadata["ferPlus"]
    return heads


def probabilities_of(logits, metadata, priors="training"):
    """Each output's probabilities; priors="uniform" takes every class for equally frequent."""
    out, start = {}, 0
    for labels, head in heads_of(metadata).items():
        count = len(head["classes"])
        scores = logits[:, start:start + count] / head.get("temperature", 1)
        if priors == "uniform":
            scores = scores - torch.tensor(head["classShares"]).clamp(min=1e-4).log()
        out[labels] = scores.softmax(1)
        start += count
    return out
`;
}
