"""PyTorch's side of the comparison: answers on stdout what it is asked on stdin, as serve.ts does."""

import json
import os
import sys
import time

MARK = "@peer "
LEAST_MS = 40


def say(message):
    print(MARK + json.dumps(message), flush=True)


def load_safetensors(path, torch):
    with open(path, "rb") as file:
        content = file.read()
    length = int.from_bytes(content[:8], "little")
    tensors = {}
    for name, entry in json.loads(content[8 : 8 + length]).items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        data = torch.frombuffer(bytearray(content[start:end]), dtype=torch.float32)
        tensors[name] = data.reshape(entry["shape"])
    return tensors


def build(network, classes, torch):
    from collections import OrderedDict

    nn = torch.nn
    layers = OrderedDict()
    channels = 1
    for i, count in enumerate(network["filters"], 1):
        layers[f"conv{i}"] = nn.Conv2d(channels, count, 3, padding=1)
        layers[f"bn{i}"] = nn.BatchNorm2d(count)
        layers[f"relu{i}"] = nn.ReLU()
        layers[f"pool{i}"] = nn.MaxPool2d(2)
        channels = count
    side = network["size"] // 2 ** len(network["filters"])
    layers["dropout2d"] = nn.Dropout2d(network["dropout2d"])
    layers["flatten"] = nn.Flatten()
    layers["fc1"] = nn.Linear(channels * side * side, network["hidden"])
    layers["relu_fc1"] = nn.ReLU()
    layers["dropout"] = nn.Dropout(network["dropout"])
    layers["fc2"] = nn.Linear(network["hidden"], classes)
    return nn.Sequential(layers)


def product_job(product, torch):
    torch.manual_seed(1)
    batch, size = product["batch"], product["size"]
    if product["kind"] == "matMul":
        a, b = torch.randn(size, size), torch.randn(size, size)
        return lambda: a @ b
    x = torch.randn(batch, product["channels"], size, size)
    weight = torch.randn(product["filters"], product["channels"], 3, 3)
    if product["kind"] == "forward":
        return lambda: torch.nn.functional.conv2d(x, weight, padding=1)
    dy = torch.randn(batch, product["filters"], size, size)
    wanted = [product["kind"] == "inputGradient", product["kind"] == "filterGradient", False]
    return lambda: torch.ops.aten.convolution_backward(
        dy, x, weight, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, wanted
    )


def clock(job, times):
    start = time.perf_counter()
    for _ in range(times):
        job()
    return (time.perf_counter() - start) * 1000 / times


def measure(job, budget):
    end = time.perf_counter() + budget / 1000
    first = clock(job, 1)
    times = max(1, min(1000, int(-(-LEAST_MS // max(first, 1e-3)))))
    found = [first] if times == 1 else []
    while not found or time.perf_counter() < end:
        found.append(clock(job, times))
    return found


def main():
    folder = sys.argv[1]
    try:
        import torch
    except ImportError as error:
        say({"missing": f"{sys.executable} has no PyTorch: {error}"})
        return
    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    with open(f"{folder}/work.json") as file:
        work = json.load(file)
    network, batch = work["network"], work["batch"]
    size = network["size"]
    with open(f"{folder}/images.f32", "rb") as file:
        images = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
    images = images.reshape(batch, 1, size, size)
    labels = torch.arange(batch) % work["classes"]
    model = build(network, work["classes"], torch)
    model.load_state_dict(load_safetensors(f"{folder}/weights.safetensors", torch), strict=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)

    def train():
        model.train()
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    def forward(count):
        def job():
            model.eval()
            with torch.inference_mode():
                return model(images[:count])

        return job

    jobs = {"trainStep64": train, "forward1": forward(1), "forward64": forward(batch)}
    for product in work["products"]:
        jobs["product " + product["name"]] = product_job(product, torch)
    say({"version": f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request.get("job") in jobs:
                say({"ms": measure(jobs[request["job"]], request["budget"])})
            elif request.get("ask") == "logits":
                say({"value": forward(1)()[0].tolist()})
            else:
                say({})
        except Exception as error:  # the other side decides what becomes of it
            say({"error": str(error)})


main()
