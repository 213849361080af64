/**
 * Triton's own Python client against the server, where Python has it: `pip install
 * tritonclient[http]`. conformance_test.ts has its requests byte for byte where it has not.
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { logitsOf, randomPixels, startServer, tinyModel } from "./server_process.ts";

const PROGRAM = `
import json, sys
import numpy as np
import tritonclient.http as http

client = http.InferenceServerClient(url=sys.argv[1])
pixels = np.array(json.loads(sys.stdin.read()), dtype=np.float32).reshape(2, 1, 48, 48)
results = []
for binary_in in (True, False):
    for outputs in (None, True, False):
        for packed in (None, "gzip", "deflate"):
            tensor = http.InferInput("pixels", [2, 1, 48, 48], "FP32")
            tensor.set_data_from_numpy(pixels, binary_data=binary_in)
            wanted = None
            if outputs is not None:
                wanted = [http.InferRequestedOutput("logits", binary_data=outputs)]
            result = client.infer(
                "fer", [tensor], outputs=wanted, request_id="42", request_compression_algorithm=packed
            )
            assert result.get_response()["id"] == "42"
            results.append(result.as_numpy("logits").tolist())
try:
    client.infer("other", [tensor])
    error = None
except http.InferenceServerException as e:
    error = e.message()
print(json.dumps({
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model": client.is_model_ready("fer", "1"),
    "other": client.is_model_ready("other"),
    "server": client.get_server_metadata(),
    "metadata": client.get_model_metadata("fer"),
    "error": error,
    "results": results,
}))
`;

function findClient(): string | undefined {
  for (const python of ["/usr/bin/python3", "python3"]) {
    try {
      const args = ["-c", "import tritonclient.http"];
      if (new Deno.Command(python, { args, stderr: "null" }).outputSync().success) return python;
    } catch {
      // No such program, or no leave to run it.
    }
  }
}

const python = findClient();

Deno.test({
  name: "Triton's client works with the server as it does with Triton (python)",
  ignore: !python,
}, async () => {
  const server = await startServer();
  const pixels = randomPixels(2, 1);
  const child = new Deno.Command(python ?? "", {
    args: ["-c", PROGRAM, new URL(server.url).host],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify([...pixels])));
  await writer.close();
  const { stdout, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  const { results, server: about, metadata, ...rest } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  assertEquals(rest, {
    ...{ live: true, ready: true, model: true, other: false },
    error: "There is no model other: expected fer",
  });
  assertEquals([about.extensions, metadata.name], [["binary_tensor_data"], "fer"]);
  const model = await tinyModel();
  const expected = logitsOf(model, pixels);
  model.dispose();
  assertEquals(results.length, 18);
  for (const result of results as number[][][]) {
    result.flat().forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-4));
  }
  await server.stop();
});
