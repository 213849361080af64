"""Writes the images of this folder and `expected.json`, what Pillow makes of them.

Run it with a Python that has Pillow and NumPy, and with jpegtran (libjpeg-turbo) and gif2webp
(libwebp) on the path: `python3 make_images.py`.
"""

import base64
import json
import struct
import subprocess
import zlib
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


# Four inks. Pillow writes CMYK alone: as YCCK its bytes are told apart by Adobe's mark.
inks = Image.merge("CMYK", [*rgb.split(), Image.fromarray((255 - x * 8).astype(np.uint8))])


def with_transform(data, transform):
    """The JPEG with another colour transform in Adobe's mark, or without that mark."""
    at = data.index(b"\xff\xee\x00\x0eAdobe")
    if transform is None:
        return data[:at] + data[at + 16 :]
    return data[: at + 15] + bytes([transform]) + data[at + 16 :]


def jpegtran(source, target, *options):
    subprocess.run(["jpegtran", "-copy", "all", *options, "-outfile", target, source], check=True)


inks.save(HERE / "cmyk.jpg", quality=90)
cmyk = (HERE / "cmyk.jpg").read_bytes()
(HERE / "cmyk_unmarked.jpg").write_bytes(with_transform(cmyk, None))
(HERE / "ycck.jpg").write_bytes(with_transform(cmyk, 2))
inks.save(HERE / "ycck_420.jpg", quality=90, subsampling=2)
ycck = with_transform((HERE / "ycck_420.jpg").read_bytes(), 2)
# Photoshop gives black as many samples as it gives the first component.
(HERE / "ycck_420.jpg").write_bytes(ycck)
jpegtran(HERE / "ycck_420.jpg", HERE / "ycck_progressive.jpg", "-progressive")
jpegtran(HERE / "ycck_420.jpg", HERE / "ycck_restarts.jpg", "-restart", "1B")
exif = Image.Exif()
exif[0x112] = 6
inks.save(HERE / "cmyk_orientation_6.jpg", quality=90, exif=exif)

# Stray bytes after each segment before the scan, as some cameras and editors leave them.
jpeg = (HERE / "orientation_6.jpg").read_bytes()
stray, at = b"", 2
while jpeg[at + 1] != 0xDA:
    end = at + 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
    stray += jpeg[at:end] + b"\x00\x12\xff\x00\xff\xff"
    at = end
(HERE / "stray_bytes.jpg").write_bytes(jpeg[:2] + stray[:-2] + jpeg[at:])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def interlaced(samples, depth, colour_type, palette=b""):
    """Adam7, which Pillow reads but does not write; each row with another filter of 0 to 2."""
    rows = b""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    for left, top, right, down in passes:
        part = samples[top::down, left::right]
        if part.size == 0:
            continue
        bits = np.unpackbits(part.astype(">u1")[..., None], axis=-1)[..., 8 - depth :]
        packed = np.packbits(bits.reshape(part.shape[0], -1), axis=-1)
        above = np.zeros_like(packed[0])
        for i, row in enumerate(packed):
            before = np.concatenate([[0], row[:-1]]).astype(np.uint8)
            rows += bytes([i % 3]) + [row, row - before, row - above][i % 3].astype(np.uint8).tobytes()
            above = row
    height, width = samples.shape
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header)]
        + ([chunk(b"PLTE", palette)] if palette else [])
        + [chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    )


levels = np.asarray(grey)
for depth in (1, 2, 4):
    (HERE / f"grey_interlaced_{depth}.png").write_bytes(interlaced(levels >> (8 - depth), depth, 0))
    palette = rng.integers(0, 256, 3 * 2**depth).astype(np.uint8).tobytes()
    (HERE / f"palette_interlaced_{depth}.png").write_bytes(
        interlaced(levels >> (8 - depth), depth, 3, palette)
    )
(HERE / "grey_interlaced_8.png").write_bytes(interlaced(levels, 8, 0))
# Narrower than some of Adam7's passes begin.
(HERE / "grey_interlaced_narrow.png").write_bytes(interlaced(levels[:3, :3] >> 6, 2, 0))

for orientation in range(2, 9):
    exif = Image.Exif()
    exif[0x112] = orientation
    rgb.save(HERE / f"orientation_{orientation}.png", exif=exif)
exif = Image.Exif()
exif.endian = ">"
exif[0x112] = 5
grey.save(HERE / "grey_orientation_5.png", exif=exif)

rgb.save(HERE / "lossy.webp", quality=80)
rgb.save(HERE / "lossless.webp", lossless=True)
fading.save(HERE / "fading.webp", quality=80, exact=True)
fading.save(HERE / "fading_lossless.webp", lossless=True, exact=True)
exif = Image.Exif()
exif[0x112] = 8
rgb.save(HERE / "orientation_8.webp", quality=80, exif=exif)
rgb.save(HERE / "moving.webp", save_all=True, append_images=[rgb.rotate(180)], quality=80)

expected = {}
for path in sorted(HERE.iterdir()):
    if path.suffix not in (".jpg", ".jpeg", ".png", ".webp"):
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
