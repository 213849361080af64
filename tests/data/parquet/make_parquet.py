"""Writes the Parquet files of these tests from faces.csv.gz, which holds drawn faces.

    python make_parquet.py        # pyarrow 25.0.1, Pillow 12.3.0

Expected values that are not the CSV's own rows are Pillow's, in expected.json.
"""

import base64
import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

HERE = Path(__file__).parent
EMOTIONS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
# As ImageFolder orders and others call them.
OTHER_NAMES = ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
TO_OTHER = {0: 0, 1: 1, 2: 2, 3: 3, 4: 5, 5: 6, 6: 4}
SPLITS = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}

with gzip.open(HERE / "faces.csv.gz", "rt") as file:
    ROWS = list(csv.DictReader(file))


# Enough where a layout is all that is tried.
FEW = ROWS[:9]


def face(row):
    return Image.frombytes("L", (48, 48), bytes(int(v) for v in row["pixels"].split()))


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def lists(row):
    data = face(row).tobytes()
    return [list(data[48 * y : 48 * y + 48]) for y in range(48)]


def features(label, names, image={"_type": "Image"}):
    classes = {"names": names, "_type": "ClassLabel"}
    return {"huggingface": json.dumps({"info": {"features": {"image": image, label: classes}}})}


def write(path, columns, types, metadata=None, **options):
    path = HERE / path
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema(list(types.items()), metadata=metadata)
    pq.write_table(pa.table(columns, schema=schema), path, **options)


STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])

# As `datasets` writes them: a file a split, pictures with their names, labels with theirs.
for usage, split in SPLITS.items():
    rows = [row for row in ROWS if row["Usage"] == usage]
    images = [
        {"bytes": encoded(face(row), "PNG"), "path": f"{i}.png"} for i, row in enumerate(rows)
    ]
    labels = [TO_OTHER[int(row["emotion"])] for row in rows]
    write(
        f"fer/data/{split}-00000-of-00001.parquet",
        {"image": images, "label": labels},
        {"image": STRUCT, "label": pa.int64()},
        features("label", OTHER_NAMES),
        row_group_size=4,
    )

write(
    "bytes.parquet",
    {
        "labels": [EMOTIONS[int(row["emotion"])].upper() for row in FEW],
        "image": [encoded(face(row).convert("RGB"), "PNG") for row in FEW],
        "split": [SPLITS[row["Usage"]] for row in FEW],
        "note": ["not read"] * len(FEW),
    },
    {"labels": pa.string(), "image": pa.binary(), "split": pa.string(), "note": pa.string()},
    compression="zstd",
    row_group_size=5,
)
write(
    "lists.parquet",
    {
        "image": [lists(row) for row in ROWS],
        "emotion": [int(row["emotion"]) for row in ROWS],
        "usage": [row["Usage"] for row in ROWS],
    },
    {"image": pa.list_(pa.list_(pa.uint8())), "emotion": pa.int8(), "usage": pa.string()},
    compression="gzip",
)
write(
    "lists64.parquet",
    {
        "image": [lists(row) for row in FEW],
        "emotion": [int(row["emotion"]) for row in FEW],
        "usage": [row["Usage"] for row in FEW],
    },
    {"image": pa.list_(pa.list_(pa.int64(), 48)), "emotion": pa.int32(), "usage": pa.string()},
    compression="brotli",
    data_page_version="2.0",
)
# What pandas makes of the CSV.
write(
    "pandas.parquet",
    {
        "emotion": [int(row["emotion"]) for row in FEW],
        "pixels": [row["pixels"] for row in FEW],
        "Usage": [row["Usage"] for row in FEW],
    },
    {"emotion": pa.int64(), "pixels": pa.string(), "Usage": pa.string()},
    compression="lz4",
)

# Classes of one's own, coloured JPEGs of another size.
photos = [
    Image.merge("RGB", [face(row), face(row).rotate(90), face(row).rotate(180)]).resize((100, 80))
    for row in ROWS[:3]
]
jpegs = [encoded(photo, "JPEG", quality=90) for photo in photos]
write(
    "own-train.parquet",
    {"image": jpegs, "label": [1, 0, 1]},
    {"image": pa.binary(), "label": pa.int64()},
    features("label", ["wink", "frown"]),
)
expected = [
    Image.open(io.BytesIO(data)).convert("L").resize((48, 48), Image.Resampling.BILINEAR).tobytes()
    for data in jpegs
]

# What is wrong, a file each.
good = encoded(face(ROWS[0]).resize((16, 16)), "PNG")
write("bad/label.parquet", {"image": [good] * 3, "label": [0, 6, 7]},
      {"image": pa.binary(), "label": pa.int64()})
write("bad/null_label.parquet", {"image": [good] * 2, "label": [0, None]},
      {"image": pa.binary(), "label": pa.int64()})
write("bad/unlabelled.parquet", {"image": [good] * 2, "label": [0, -1]},
      {"image": pa.binary(), "label": pa.int64()})
write("bad/damaged.parquet", {"image": [good, good[:200]], "label": [0, 1]},
      {"image": pa.binary(), "label": pa.int64()})
write("bad/null_image.parquet", {"image": [good, None], "label": [0, 1]},
      {"image": pa.binary(), "label": pa.int64()})
write("bad/path.parquet", {"image": [{"bytes": None, "path": "a.png"}], "label": [0]},
      {"image": STRUCT, "label": pa.int64()})
write("bad/ragged.parquet", {"image": [[[1, 2], [3]]], "label": [0]},
      {"image": pa.list_(pa.list_(pa.int64())), "label": pa.int64()})
write("bad/pixel.parquet", {"image": [[[1, 2], [3, 256]]], "label": [0]},
      {"image": pa.list_(pa.list_(pa.int64())), "label": pa.int64()})
write("bad/float.parquet", {"image": [[[1, 2], [3, 0.5]]], "label": [0]},
      {"image": pa.list_(pa.list_(pa.float64())), "label": pa.int64()})
write("bad/text.parquet", {"pixels": ["1 2 3"], "label": [0]},
      {"pixels": pa.string(), "label": pa.int64()})
write("bad/split.parquet", {"image": [good], "label": [0], "split": ["dream"]},
      {"image": pa.binary(), "label": pa.int64(), "split": pa.string()})
write("bad/columns.parquet", {"picture": [good], "label": [0]},
      {"picture": pa.binary(), "label": pa.int64()})
write("bad/no_rows.parquet", {"image": [], "label": []},
      {"image": pa.binary(), "label": pa.int64()})

(HERE / "expected.json").write_text(
    json.dumps([base64.b64encode(pixels).decode() for pixels in expected], indent=0) + "\n"
)
