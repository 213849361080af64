import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import { examine } from "./program.js";

const picture = new Uint8Array(await (await fetch("picture.jpg")).arrayBuffer());
const wasmFiles = { "tfjs-backend-wasm-simd.wasm": simd };
try {
  document.body.dataset.result = JSON.stringify(await examine(picture, { wasmFiles }));
} catch (error) {
  document.body.dataset.result = JSON.stringify({ failed: String(error) });
}
