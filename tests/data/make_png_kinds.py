"""Makes png_kinds.json: PNG files of every kind of colour, depth and interlacing, from noise, and the
pixels that Pillow reads from them. Pillow 9.4.0 made it."""
import base64
import io
import json
import pathlib
import random
import struct
import zlib

from PIL import Image

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
KINDS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
rng = random.Random(7)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, colour, depth, interlace, transparent):
    lines = b""
    for x, y, dx, dy in ADAM7 if interlace else [(0, 0, 1, 1)]:
        columns, rows = -(-(width - x) // dx), -(-(height - y) // dy)
        if columns <= 0 or rows <= 0:
            continue
        for _ in range(rows):
            # Any bytes after any filter are some line.
            length = -(-columns * SAMPLES[colour] * depth // 8)
            lines += bytes([rng.randrange(5)]) + rng.randbytes(length)
    colours = 2**depth if colour == 3 else 0
    data = zlib.compress(lines)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
        + (chunk(b"PLTE", rng.randbytes(3 * colours)) if colours else b"")
        + (chunk(b"tRNS", rng.randbytes(colours - 1)) if transparent else b"")
        + chunk(b"IDAT", data[:20])
        + chunk(b"IDAT", data[20:])
        + chunk(b"IEND", b"")
    )


def pixels(file, colour, depth):
    image = Image.open(io.BytesIO(file))
    if colour == 0 and depth == 16:
        return bytes(value >> 8 for value in image.getdata())
    mode = {0: "L", 2: "RGB", 3: "RGB", 4: "LA", 6: "RGBA"}[colour]
    image = image.convert(mode)
    return (image.getchannel(0) if colour == 4 else image).tobytes()


cases = {}
for colour, depths in KINDS.items():
    for depth in depths:
        for interlace in 0, 1:
            for width, height in (1, 1), (3, 2), (13, 11):
                for transparent in (False, True) if colour == 3 else (False,):
                    file = png(width, height, colour, depth, interlace, transparent)
                    name = f"colour {colour}, {depth} bits, {width}x{height}"
                    name += ", interlaced" * interlace + ", with opacity" * transparent
                    cases[name] = {
                        "file": base64.b64encode(file).decode(),
                        "pixels": base64.b64encode(pixels(file, colour, depth)).decode(),
                    }
path = pathlib.Path(__file__).with_name("png_kinds.json")
path.write_text(json.dumps(cases, indent=1) + "\n")
