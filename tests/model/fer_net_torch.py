"""The PyTorch twin of buildFerNet(): reads {"filters", "state", "images", "labels"} as JSON from
standard input, with arrays as {"shape", "data"}; writes what it computes in the same form."""
import json
import sys

import torch
import torch.nn.functional as F
from torch import nn


class FerNet(nn.Module):
    def __init__(self, filters, classes):
        super().__init__()
        self.filters = filters
        channels = 1
        for stage, count in enumerate(filters, 1):
            for n in (1, 2):
                setattr(self, f"conv{stage}_{n}", nn.Conv2d(channels, count, 3, padding=1, bias=False))
                setattr(self, f"bn{stage}_{n}", nn.BatchNorm2d(count))
                channels = count
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        for stage in range(1, len(self.filters) + 1):
            for n in (1, 2):
                x = F.relu(getattr(self, f"bn{stage}_{n}")(getattr(self, f"conv{stage}_{n}")(x)))
            if stage < len(self.filters):
                x = F.max_pool2d(x, 2)
        return self.fc(x.mean((2, 3)))


def tensor(packed):
    return torch.tensor(packed["data"]).reshape(packed["shape"])


def pack(value):
    return {"shape": list(value.shape), "data": value.flatten().tolist()}


task = json.load(sys.stdin)
state = {name: tensor(packed) for name, packed in task["state"].items()}
net = FerNet(task["filters"], len(state["fc.bias"]))
missing, unexpected = net.load_state_dict(state, strict=False)
assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
images = tensor(task["images"]).permute(0, 3, 1, 2)
net.eval()
out = {"evaluation": pack(net(images))}
net.train()
logits = net(images)
F.cross_entropy(logits, torch.tensor(task["labels"])).backward()
out["training"] = pack(logits)
out.update({f"gradient of {name}": pack(each.grad) for name, each in net.named_parameters()})
out.update({name: pack(each) for name, each in net.named_buffers() if "running" in name})
json.dump(out, sys.stdout)
