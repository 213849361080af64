"""What RandomWarp gives, by PyTorch: reads lines {"size", "width", "height", "data", "mirrored",
"angle", "scale", "shift", "shear", "brightness", "contrast"} of square images; writes a line of samples, not rounded, for each."""
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
    lean = math.tan(math.radians(case.get("shear", 0)))
    m00, m01, m10, m11 = sx * f * flip * cos, -sy * f * sin, sx * f * flip * sin, sy * f * cos
    matrix = torch.tensor([[[m00, m01 + lean * m00, tx], [m10, m11 + lean * m10, ty]]], dtype=torch.float64)
    grid = F.affine_grid(matrix, (1, 1, size, size), align_corners=False)
    y = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
    # torchvision's adjust_brightness() and adjust_contrast() on floats from 0 to 255, one after the other.
    y = y * case.get("brightness", 1)
    y = (y - y.mean()) * case.get("contrast", 1) + y.mean()
    print(json.dumps(y.clamp(0, 255).flatten().tolist()))
