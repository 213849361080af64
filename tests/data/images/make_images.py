"""Writes the images of this folder and `expected.json`, what Pillow makes of them.

Run it with a Python that has Pillow and NumPy: `python3 make_images.py`.
"""

import base64
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).parent
WIDTH, HEIGHT = 24, 17
rng = np.random.default_rng(0)
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
colours = np.stack([x * 10, y * 13, (x * y) % 256], -1) + rng.integers(-20, 20, (HEIGHT, WIDTH, 3))
colours = np.clip(colours, 0, 255).astype(np.uint8)
rgb = Image.fromarray(colours)
grey = rgb.convert("L")
fading = rgb.copy()
fading.putalpha(Image.fromarray((x * 10).astype(np.uint8)))

grey.save(HERE / "grey.jpg", quality=90)
rgb.save(HERE / "colour_444.jpg", quality=80, subsampling=0)
rgb.save(HERE / "colour_420.jpg", quality=80, subsampling=2)
rgb.save(HERE / "progressive.jpeg", quality=80, progressive=True)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x112] = orientation
    rgb.save(HERE / f"orientation_{orientation}.jpg", quality=80, exif=exif)
grey.save(HERE / "grey.png")
rgb.save(HERE / "colour.png")
fading.save(HERE / "colour_fading.png")
fading.convert("LA").save(HERE / "grey_fading.png")
rgb.quantize(50).save(HERE / "palette_8.png")
rgb.quantize(13).save(HERE / "palette_4.png")
grey.convert("1").save(HERE / "grey_1.png")

expected = {}
for path in sorted(HERE.iterdir()):
    if path.suffix not in (".jpg", ".jpeg", ".png"):
        continue
    image = ImageOps.exif_transpose(Image.open(path))
    small = image.convert("L").resize((12, 12), Image.BILINEAR)
    expected[path.name] = {
        "width": image.width,
        "height": image.height,
        "rgb": base64.b64encode(image.convert("RGB").tobytes()).decode(),
        "resized": base64.b64encode(small.tobytes()).decode(),
    }
(HERE / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")

# Not decoded: a colour space that the decoder refuses.
rgb.convert("CMYK").save(HERE / "cmyk.jpg", quality=80)
