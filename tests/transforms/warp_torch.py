"""What RandomWarp gives, by PyTorch: reads lines {"size", "width", "height", "data", "mirrored",
"angle", "scale", "shift"} of square images; writes a line of samples, not rounded, for each."""
import json
import math
import sys

import torch
import torch.nn.functional as F

for line in sys.stdin:
    case = json.loads(line)
    edge, size = case["width"], case["size"]
    assert case["height"] == edge
    x = torch.tensor(case["data"], dtype=torch.float64).reshape(1, 1, edge, edge)
    angle, flip, f = math.radians(case["angle"]), -1 if case["mirrored"] else 1, size / edge
    (sx, sy), (tx, ty) = case["scale"], case["shift"]
    cos, sin = math.cos(angle), math.sin(angle)
    matrix = torch.tensor([[[sx * f * flip * cos, -sy * f * sin, tx], [sx * f * flip * sin, sy * f * cos, ty]]], dtype=torch.float64)
    grid = F.affine_grid(matrix, (1, 1, size, size), align_corners=False)
    y = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
    print(json.dumps(y.flatten().tolist()))
