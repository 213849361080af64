"""Writes random cases of torchvision's transforms on PIL images: make_cases.py SEED COUNT > cases.jsonl

Each line: {"op", "args", "in": {"width", "height", "data"}, "out": [the same, ...]}, data in base64.
"""
import base64
import json
import sys

import numpy as np
import torchvision.transforms as T
import torchvision.transforms.functional as F
from PIL import Image

MODES = {"nearest": T.InterpolationMode.NEAREST, "bilinear": T.InterpolationMode.BILINEAR}


def pack(image):
    return {"width": image.width, "height": image.height, "data": base64.b64encode(image.tobytes()).decode()}


def main(seed, count):
    rng = np.random.default_rng(seed)

    def integer(low, high):
        return int(rng.integers(low, high + 1))

    def fill(channels):
        return integer(0, 255) if rng.random() < 0.5 else [integer(0, 255) for _ in range(channels)]

    for number in range(count):
        channels = (1, 1, 3, 4)[integer(0, 3)]
        width, height = integer(1, 70), integer(1, 70)
        samples = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
        image = Image.fromarray(samples[:, :, 0] if channels == 1 else samples, {1: "L", 3: "RGB", 4: "RGBA"}[channels])
        mode = ("nearest", "bilinear")[integer(0, 1)]
        op = ("rotate", "affine", "resized_crop", "resize", "center_crop", "crop", "five_crop", "ten_crop", "grayscale", "flips")[number % 10]
        if op == "rotate":
            angle = float((rng.uniform(-400, 400), rng.uniform(-10, 10), 90 * integer(-5, 5))[integer(0, 2)])
            args = {"angle": angle, "interpolation": mode, "expand": bool(rng.random() < 0.4), "fill": fill(channels)}
            if rng.random() < 0.3:
                args["center"] = [integer(0, 70), integer(0, 70)]
            out = [F.rotate(image, angle, MODES[mode], args["expand"], args.get("center"), args["fill"])]
        elif op == "affine":
            args = {"angle": float(rng.uniform(-30, 30)) * integer(0, 1), "translate": [integer(-9, 9), integer(-9, 9)],
                    "scale": float(rng.uniform(0.5, 1.6)), "shear": [float(rng.uniform(-15, 15)) * integer(0, 1), float(rng.uniform(-15, 15)) * integer(0, 1)],
                    "interpolation": mode, "fill": fill(channels)}
            out = [F.affine(image, args["angle"], args["translate"], args["scale"], args["shear"], MODES[mode], args["fill"])]
        elif op == "resized_crop":
            h, w = integer(1, height), integer(1, width)
            args = {"top": integer(0, height - h), "left": integer(0, width - w), "height": h, "width": w,
                    "size": [integer(1, 70), integer(1, 70)], "interpolation": mode}
            out = [F.resized_crop(image, args["top"], args["left"], h, w, args["size"], MODES[mode])]
        elif op == "resize":
            size = integer(1, 60)
            args = {"size": size, "interpolation": mode}
            if rng.random() < 0.3:
                args["maxSize"] = size + integer(1, 9)
            if rng.random() < 0.3 and min(width, height) * 60 > max(width, height) * size:
                args = {"size": [integer(1, 60), integer(1, 60)], "interpolation": mode}
            try:
                out = [T.Resize(args["size"], MODES[mode], args.get("maxSize"))(image)]
            except ValueError:
                continue
        elif op == "center_crop":
            args = {"size": [integer(1, 70), integer(1, 70)]}
            out = [T.CenterCrop(args["size"])(image)]
        elif op == "crop":
            args = {"top": integer(-20, 60), "left": integer(-20, 60), "height": integer(1, 40), "width": integer(1, 40)}
            out = [F.crop(image, args["top"], args["left"], args["height"], args["width"])]
        elif op == "five_crop":
            args = {"size": [integer(1, height), integer(1, width)]}
            out = T.FiveCrop(args["size"])(image)
        elif op == "ten_crop":
            args = {"size": [integer(1, height), integer(1, width)], "verticalFlip": bool(integer(0, 1))}
            out = T.TenCrop(args["size"], args["verticalFlip"])(image)
        elif op == "grayscale":
            args = {"numOutputChannels": (1, 3)[integer(0, 1)]}
            out = [T.Grayscale(args["numOutputChannels"])(image)]
        else:
            args = {}
            out = [F.hflip(image), F.vflip(image)]
        print(json.dumps({"op": op, "args": args, "in": pack(image), "out": [pack(each) for each in out]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
