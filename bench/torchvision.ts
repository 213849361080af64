/**
 * torchvision's rate on the recipe's training chain, for the benchmark to compare with: a Python
 * process on one thread that transforms images when told to.
 */
const PROGRAM = `
import sys
import numpy as np, torch, torchvision
import torchvision.transforms as T
from PIL import Image
torch.set_num_threads(1)
chain = T.Compose([T.RandomHorizontalFlip(), T.RandomRotation(10), T.RandomResizedCrop(48, scale=(0.9, 1.0)),
                   T.ToTensor(), T.Normalize((0.5,), (0.5,))])
noise = np.random.default_rng(0).integers(0, 256, (64, 48, 48), dtype=np.uint8)
images = [Image.fromarray(each, "L") for each in noise]
print(torchvision.__version__, flush=True)
for line in sys.stdin:
    for i in range(int(line)):
        chain(images[i % 64])
    print("done", flush=True)
`;

/** A running torchvision. */
export interface Torchvision {
  /** Its version. */
  readonly version: string;
  /** Transforms that many images of 48x48. */
  run(images: number): Promise<void>;
}

/** Starts torchvision; undefined where Python lacks it. */
export async function startTorchvision(): Promise<Torchvision | undefined> {
  for (const python of ["/usr/bin/python3", "python3"]) {
    try {
      const child = new Deno.Command(python, {
        args: ["-c", PROGRAM],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const readLine = async () => {
        let line = "";
        while (!line.endsWith("\n")) {
          const { value, done } = await reader.read();
          if (done) break;
          line += value;
        }
        return line.trim();
      };
      const input = child.stdin.getWriter();
      const encoder = new TextEncoder();
      const version = await readLine();
      if (version === "") continue;
      globalThis.addEventListener("unload", () => child.kill());
      return {
        version,
        async run(images) {
          await input.write(encoder.encode(`${images}\n`));
          await readLine();
        },
      };
    } catch {
      // No such program, or no leave to run it.
    }
  }
}
