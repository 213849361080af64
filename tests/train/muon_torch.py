"""Steps of Muon in PyTorch, by the plain Newton-Schulz iteration, as JSON: a list of cases with
"shape" (out, in, height, width), "weights" before the first and after every step, "gradients",
"lr", "weight_decay"."""
import json
import sys

import torch

torch.manual_seed(5)


def step(p, grad, m, lr, weight_decay):
    m.lerp_(grad, 0.05)
    g = grad.lerp(m, 0.95).flatten(1)
    x = g / (g.norm() + 1e-7)
    x = x.T if len(x) > x.shape[1] else x
    for _ in range(5):
        y = x @ x.T
        x = 3.4445 * x + (-4.775 * y + 2.0315 * y @ y) @ x
    x = x.T if len(g) > g.shape[1] else x
    p.mul_(1 - lr * weight_decay)
    p.add_(x.reshape(p.shape), alpha=-lr * max(1, len(g) / g.shape[1]) ** 0.5)


def gradient(shape, kind):
    """A filter's gradient: of normal numbers, with singular values that span six decades, of rank 1."""
    if kind == "normal":
        return torch.randn(shape)
    u, s, v = torch.linalg.svd(torch.randn(shape).flatten(1).double(), full_matrices=False)
    s = 10 ** -torch.linspace(0, 6, len(s)).double() if kind == "steep" else torch.eye(len(s))[0].double()
    return (u @ torch.diag(s) @ v).float().reshape(shape)


cases = []
for kind in ("normal", "steep", "rank 1"):
    for shape in ((4, 1, 3, 3), (16, 1, 3, 3), (8, 8, 3, 3), (8, 16, 3, 3), (32, 2, 3, 3), (5, 3, 3, 1)):
        p, m = torch.randn(shape), torch.zeros(shape)
        weights, gradients = [p.flatten().tolist()], []
        for _ in range(3 if kind == "normal" else 1):
            grad = gradient(shape, kind)
            step(p, grad, m, 0.1, 0.5)
            gradients.append(grad.flatten().tolist())
            weights.append(p.flatten().tolist())
        cases.append({"kind": kind, "shape": shape, "weights": weights, "gradients": gradients, "lr": 0.1, "weight_decay": 0.5})
json.dump(cases, sys.stdout)
