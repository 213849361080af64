/** Debian's Python where it has torchvision, for tests that compare with it. */
export function findTorchvision(): string | undefined {
  for (const python of ["/usr/bin/python3", "python3"]) {
    try {
      const { success } = new Deno.Command(python, {
        args: ["-c", "import torchvision, PIL"],
        stderr: "null",
      }).outputSync();
      if (success) return python;
    } catch {
      // No such program, or no leave to run it.
    }
  }
}

/** The bytes of a base64 text. */
export function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
