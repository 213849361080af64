// JavaScript, whose name stays as it is wherever the package is compiled: bundlers and registries
// leave alone the address by which a worker is started.
import "./loader_worker.ts";
