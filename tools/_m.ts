import { buildFerCnn, drawnFaces, Trainer, useWebGpu } from "../mod.ts";
const gpu = await useWebGpu();
const maps = () => Deno.readTextFileSync("/proc/self/maps").split("\n").length;
const d = gpu.device;
const ids = new WeakMap<object, number>();
let next = 0;
const id = (o: object) => {
  let i = ids.get(o);
  if (i === undefined) ids.set(o, i = next++);
  return i;
};
const cache = new Map<string, GPUBindGroup>();
let hit = 0, miss = 0;
const cp = d.createComputePipeline.bind(d);
(d as any).createComputePipeline = (x: any) => {
  const p: any = cp(x);
  const g = p.getBindGroupLayout.bind(p);
  const m: any = [];
  p.getBindGroupLayout = (i: number) => m[i] ??= g(i);
  return p;
};
const cpa = d.createComputePipelineAsync.bind(d);
(d as any).createComputePipelineAsync = async (x: any) => {
  const p: any = await cpa(x);
  const g = p.getBindGroupLayout.bind(p);
  const m: any = [];
  p.getBindGroupLayout = (i: number) => m[i] ??= g(i);
  return p;
};
const make = d.createBindGroup.bind(d);
(d as any).createBindGroup = (desc: GPUBindGroupDescriptor) => {
  let key = `${id(desc.layout)}`;
  for (const e of desc.entries as any[]) {
    key += `|${id(e.resource.buffer)},${e.resource.offset ?? 0},${e.resource.size ?? 0}`;
  }
  let g = cache.get(key);
  if (g) {
    hit++;
    return g;
  }
  miss++;
  cache.set(key, g = make(desc));
  return g;
};
import * as tf from "@tensorflow/tfjs";
const bm = (tf.backend() as any).bufferManager;
const acq = bm.acquireBuffer.bind(bm);
bm.acquireBuffer = (size: number, usage: number, m: boolean, r: boolean) => {
  const l = bm.freeBuffers.get(size + "_" + usage);
  if (l && l.length > 1) {
    let k = 0;
    for (let i = 1; i < l.length; i++) if (id(l[i]) < id(l[k])) k = i;
    const t = l[k];
    l[k] = l[l.length - 1];
    l[l.length - 1] = t;
  }
  return acq(size, usage, m, r);
};
console.log([...bm.freeBuffers.keys()].slice(0, 3));
const f = drawnFaces(96, 7);
const model = buildFerCnn({ filters: [4, 4, 8], hidden: 16, seed: 3 });
let last = performance.now();
await new Trainer(model, {
  epochs: 12,
  batchSize: 16,
  workers: 0,
  mixup: 0.2,
  ema: 0.9,
  clipNorm: 1,
}, {
  gpu,
  callbacks: [{
    onEpochEnd: (l) => {
      console.log(
        l.epoch,
        l.step,
        "hit",
        hit,
        "miss",
        miss,
        "ms",
        (performance.now() - last).toFixed(0),
        "maps",
        maps(),
        "ids",
        next,
      );
      hit = miss = 0;
      last = performance.now();
    },
  }],
}).fit(f.split("Training"), f.split("PublicTest"));
