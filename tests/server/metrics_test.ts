import { assertEquals, assertThrows } from "@std/assert";
import { Metrics } from "../../examples/server/metrics.ts";
import { parseMetrics } from "./prometheus.ts";

Deno.test("Metrics writes a counter and its labels, escaped as the format wants", () => {
  const metrics = new Metrics();
  const counter = metrics.counter("http_requests_total", "Requests.");
  assertEquals(metrics.text(), "\n");
  counter.add({ method: "post", code: "200" }, 1027);
  counter.add({ method: "post", code: "200" });
  counter.add({ path: 'C:\\DIR\n"x"' });
  assertEquals(
    metrics.text(),
    "# HELP http_requests_total Requests.\n" +
      "# TYPE http_requests_total counter\n" +
      'http_requests_total{method="post",code="200"} 1028\n' +
      'http_requests_total{path="C:\\\\DIR\\n\\"x\\""} 1\n',
  );
  const [, odd] = parseMetrics(metrics.text()).get("http_requests_total")?.samples ?? [];
  assertEquals(odd.labels, { path: 'C:\\DIR\n"x"' });
});

Deno.test("Metrics writes a histogram's buckets cumulatively", () => {
  const metrics = new Metrics();
  const histogram = metrics.histogram("seconds", "Time.", [0.1, 0.5, 1]);
  for (const value of [0.05, 0.1, 0.3, 0.7, 99]) histogram.observe(value, { route: "/" });
  assertEquals(
    metrics.text(),
    "# HELP seconds Time.\n" +
      "# TYPE seconds histogram\n" +
      'seconds_bucket{route="/",le="0.1"} 2\n' +
      'seconds_bucket{route="/",le="0.5"} 3\n' +
      'seconds_bucket{route="/",le="1"} 4\n' +
      'seconds_bucket{route="/",le="+Inf"} 5\n' +
      'seconds_sum{route="/"} 100.15\n' +
      'seconds_count{route="/"} 5\n',
  );
});

Deno.test("Metrics reads gauges when asked, and leaves out what is not known", () => {
  const metrics = new Metrics();
  let value: number | undefined;
  metrics.gauge("memory_bytes", "Memory.", () => value);
  assertEquals(metrics.text(), "\n");
  for (const [given, shown] of [[12.5, "12.5"], [Infinity, "+Inf"], [NaN, "NaN"]] as const) {
    value = given;
    assertEquals(metrics.text().split("\n")[2], `memory_bytes ${shown}`);
  }
});

Deno.test("Metrics refuses a name twice, and one that is none", () => {
  const metrics = new Metrics();
  metrics.counter("a_total", "A.");
  for (const name of ["a_total", "a-b", "1a", ""]) {
    assertThrows(() => metrics.counter(name, "B."), RangeError, `figure ${name}`);
  }
});
