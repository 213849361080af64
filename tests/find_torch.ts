/** Debian's Python where it has PyTorch, for tests that compare with it. */
export function findTorch(): string | undefined {
  for (const python of ["/usr/bin/python3", "python3"]) {
    try {
      const args = ["-c", "import torch"];
      if (new Deno.Command(python, { args, stderr: "null" }).outputSync().success) return python;
    } catch {
      // No such program, or no leave to run it.
    }
  }
}
