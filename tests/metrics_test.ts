import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  accuracyScore,
  applyTemperature,
  balancedAccuracyScore,
  bootstrapInterval,
  classificationReport,
  classScores,
  confusionMatrix,
  expectedCalibrationError,
  f1Score,
  fitTemperature,
  Generator,
  logLoss,
  precisionRecallFscoreSupport,
  predictedLabels,
  reliabilityCurve,
  topKAccuracyScore,
  wilsonInterval,
} from "../src/metrics.ts";
import { normalQuantile } from "../src/metrics/normal_quantile.ts";
import { EMOTIONS } from "../src/emotions.ts";

interface Case {
  truth: number[];
  predicted: number[];
  confusion: number[][];
  accuracy: number;
  precision: number[];
  recall: number[];
  f1: number[];
  support: number[];
  macro_f1: number;
  weighted_f1: number;
  balanced_accuracy_present_classes: number;
}

const folder = Deno.env.get("FER_PARITY_DIR") ?? new URL("parity", import.meta.url).pathname;
const cases: Case[] = JSON.parse(Deno.readTextFileSync(`${folder}/metrics.json`));

const TRUTH = [0, 0, 1, 2, 2, 2, 3, 3, 3, 3, 5, 5, 6, 6, 6, 6];
const PREDICTED = [0, 2, 1, 2, 2, 6, 3, 3, 3, 0, 5, 5, 6, 6, 2, 3];

function assertAllAlmostEqual(actual: readonly number[], expected: readonly number[]): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-12));
}

cases.forEach((each, at) => {
  Deno.test(`every score equals scikit-learn's on its case ${at + 1}`, () => {
    const { truth, predicted } = each;
    const classes = 7;
    assertEquals(confusionMatrix(truth, predicted, { classes }), each.confusion);
    assertAlmostEquals(accuracyScore(truth, predicted), each.accuracy, 1e-12);
    const scores = precisionRecallFscoreSupport(truth, predicted, { classes });
    assertAllAlmostEqual(scores.precision, each.precision);
    assertAllAlmostEqual(scores.recall, each.recall);
    assertAllAlmostEqual(scores.f1, each.f1);
    assertEquals(scores.support, each.support);
    assertAlmostEquals(f1Score(truth, predicted, { classes }), each.macro_f1, 1e-12);
    const weighted = f1Score(truth, predicted, { classes, average: "weighted" });
    assertAlmostEquals(weighted, each.weighted_f1, 1e-12);
    const balanced = balancedAccuracyScore(truth, predicted);
    assertAlmostEquals(balanced, each.balanced_accuracy_present_classes, 1e-12);
  });
});

Deno.test("scores take typed arrays", () => {
  const truth = Int8Array.from(TRUTH);
  const predicted = Int32Array.from(PREDICTED);
  assertEquals(accuracyScore(truth, predicted), 11 / 16);
});

Deno.test("scores refuse labels that cannot be scored", () => {
  assertThrows(
    () => confusionMatrix([0, 1], [0], { classes: 7 }),
    TypeError,
    "Cannot score 1 predictions: there are 2 true labels",
  );
  assertThrows(() => accuracyScore([], []), TypeError, "there are none");
  assertThrows(
    () => f1Score([0, 7], [0, 1], { classes: 7 }),
    RangeError,
    "Cannot score sample 1: its true label is 7, expected an integer from 0 to 6",
  );
  assertThrows(
    () => confusionMatrix([0, 1], [-1, 1], { classes: 7 }),
    RangeError,
    "its predicted label is -1",
  );
  assertThrows(() => accuracyScore([0.5], [0]), RangeError, "is 0.5");
  assertThrows(() => accuracyScore([0], [NaN]), RangeError, "is NaN");
  assertThrows(() => confusionMatrix([0], [0], { classes: 0 }), RangeError, "0 classes");
});

Deno.test("f1Score() refuses an average that it does not know", () => {
  const options = { classes: 7, average: "micro" as "macro" };
  assertThrows(() => f1Score(TRUTH, PREDICTED, options), RangeError, "micro");
});

Deno.test("classScores() refuses a matrix that is not square", () => {
  assertThrows(() => classScores([[1, 2], [3]]), TypeError, "row 1 has 1 columns");
});

Deno.test("scores stay in range and do not depend on the order of samples", () => {
  const pairs = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(pairs, fc.nat(), (samples, seed) => {
    const shuffled = new Generator(seed).shuffle([...samples]);
    const [a, b] = [samples, shuffled].map((list) => {
      const truth = list.map(([t]) => t);
      const predicted = list.map(([, p]) => p);
      return [
        accuracyScore(truth, predicted),
        f1Score(truth, predicted, { classes: 7 }),
        f1Score(truth, predicted, { classes: 7, average: "weighted" }),
        balancedAccuracyScore(truth, predicted),
      ];
    });
    assertAllAlmostEqual(a, b);
    for (const score of a) assert(score >= 0 && score <= 1 + 1e-12);
  }));
});

// The layouts below were printed by scikit-learn 1.2.1.

Deno.test("classificationReport() lays out absent classes as scikit-learn does", () => {
  assertEquals(
    classificationReport(TRUTH, PREDICTED, { classes: EMOTIONS }),
    `              precision    recall  f1-score   support

       angry       0.50      0.50      0.50         2
     disgust       1.00      1.00      1.00         1
        fear       0.50      0.67      0.57         3
       happy       0.75      0.75      0.75         4
         sad       0.00      0.00      0.00         0
    surprise       1.00      1.00      1.00         2
     neutral       0.67      0.50      0.57         4

   micro avg       0.69      0.69      0.69        16
   macro avg       0.63      0.63      0.63        16
weighted avg       0.70      0.69      0.69        16
`,
  );
});

Deno.test("classificationReport() writes as many digits as asked", () => {
  const report = classificationReport(TRUTH, PREDICTED, { classes: EMOTIONS, digits: 4 });
  assertEquals(report.split("\n").slice(4, 5), [
    "        fear     0.5000    0.6667    0.5714         3",
  ]);
  assertEquals(report.split("\n").slice(10, 13), [
    "   micro avg     0.6875    0.6875    0.6875        16",
    "   macro avg     0.6310    0.6310    0.6276        16",
    "weighted avg     0.6979    0.6875    0.6875        16",
  ]);
});

Deno.test("classificationReport() shows some labels with their micro average", () => {
  assertEquals(
    classificationReport(TRUTH, PREDICTED, { classes: EMOTIONS, labels: [2, 3, 6] }),
    `              precision    recall  f1-score   support

        fear       0.50      0.67      0.57         3
       happy       0.75      0.75      0.75         4
     neutral       0.67      0.50      0.57         4

   micro avg       0.64      0.64      0.64        11
   macro avg       0.64      0.64      0.63        11
weighted avg       0.65      0.64      0.64        11
`,
  );
});

Deno.test("classificationReport() without names shows the labels that occur", () => {
  assertEquals(
    classificationReport(TRUTH, PREDICTED),
    `              precision    recall  f1-score   support

           0       0.50      0.50      0.50         2
           1       1.00      1.00      1.00         1
           2       0.50      0.67      0.57         3
           3       0.75      0.75      0.75         4
           5       1.00      1.00      1.00         2
           6       0.67      0.50      0.57         4

    accuracy                           0.69        16
   macro avg       0.74      0.74      0.73        16
weighted avg       0.70      0.69      0.69        16
`,
  );
});

Deno.test("classificationReport() rounds ties to the even digit as Python does", () => {
  const truth = [...new Array(8).fill(0), ...new Array(8).fill(1)];
  const predicted = [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
  const lines = classificationReport(truth, predicted).split("\n");
  assertEquals(lines[2], "           0       0.17      0.12      0.14         8");
  assertEquals(lines[3], "           1       0.30      0.38      0.33         8");
  assertEquals(
    classificationReport(truth, predicted, { digits: 0 }).split("\n")[5],
    "    accuracy                              0        16",
  );
});

Deno.test("classificationReport() refuses labels without a name and odd digits", () => {
  const classes = ["a", "b"];
  assertThrows(() => classificationReport([0, 2], [0, 1], { classes }), RangeError, "is 2");
  assertThrows(
    () => classificationReport([0], [1], { classes, labels: [2] }),
    RangeError,
    "Cannot report on label 2",
  );
  assertThrows(() => classificationReport([0], [1], { classes, labels: [] }), RangeError);
  assertThrows(() => classificationReport([0], [1], { digits: 1.5 }), RangeError, "1.5");
});

const PROBABILITIES = [0.7, 0.2, 0.1, 0.1, 0.1, 0.8, 0.3, 0.4, 0.3, 0, 1, 0, 0.2, 0.5, 0.3];
const OWN = [0, 2, 0, 0, 1];

Deno.test("logLoss() equals scikit-learn's, a probability of 0 included", () => {
  const loss = logLoss(OWN, PROBABILITIES, { classes: 3 });
  assertAlmostEquals(loss, 7.7041183738511965, 1e-12);
  const single = logLoss(OWN, Float32Array.from(PROBABILITIES), { classes: 3 });
  assertAlmostEquals(single, 3.6838647429238334, 1e-6);
});

Deno.test("topKAccuracyScore() equals scikit-learn's, ties included", () => {
  assertEquals(topKAccuracyScore(OWN, PROBABILITIES, { classes: 3, k: 2 }), 0.6);
  const ties = [0.4, 0.3, 0.3, 0.4, 0.3, 0.3, 0.4, 0.3, 0.3];
  assertEquals(topKAccuracyScore([0, 1, 2], ties, { classes: 3 }), 2 / 3);
  assertEquals(topKAccuracyScore(OWN, PROBABILITIES, { classes: 3, k: 3 }), 1);
});

Deno.test("scores of probabilities refuse what is none", () => {
  const options = { classes: 2 };
  assertThrows(
    () => logLoss([0, 1], [0.5, 0.5, NaN, 1], options),
    RangeError,
    "Cannot score sample 1: its score for class 0 is NaN",
  );
  assertThrows(
    () => expectedCalibrationError([0], [2, -1], options),
    RangeError,
    "its probability for class 0 is 2, expected 0 to 1",
  );
  assertThrows(() => logLoss([0], [0.5, 0.6], options), RangeError, "sum to 1.1");
  assertThrows(
    () => topKAccuracyScore([0, 1], [0.5, 0.5], options),
    TypeError,
    "expected 4 scores, got 2",
  );
  assertThrows(() => topKAccuracyScore([0], [1, 0], { classes: 2, k: 0 }), RangeError, "top 0");
  assertThrows(() => logLoss([0], [1, 0], { classes: 2, eps: 0.7 }), RangeError, "0.7");
});

Deno.test("predictedLabels() takes the first of equals", () => {
  assertEquals(predictedLabels([0.4, 0.4, 0.2, 0.1, 0.3, 0.6], 3), Int32Array.of(0, 2));
  assertThrows(() => predictedLabels([1, 2, 3], 2), TypeError, "3 scores");
});

Deno.test("reliabilityCurve() puts a confidence on a bound into the bin below", () => {
  // Guo et al.: bin m holds the confidences in ((m - 1) / M, m / M].
  const curve = reliabilityCurve([0, 1, 0], [0.6, 0.4, 0.61, 0.39, 1, 0], { classes: 2, bins: 5 });
  assertEquals(curve.map((bin) => bin.count), [0, 0, 1, 1, 1]);
  assertEquals(curve.map((bin) => bin.accuracy), [0, 0, 1, 0, 1]);
  assertAllAlmostEqual(curve.map((bin) => bin.confidence), [0, 0, 0.6, 0.61, 1]);
  assertEquals([curve[2].lower, curve[2].upper], [0.4, 0.6]);
});

Deno.test("reliabilityCurve() sorts every confidence between its bin's bounds", () => {
  const bins = fc.integer({ min: 1, max: 40 });
  const confidences = fc.array(fc.double({ min: 0.5, max: 1, noNaN: true }), { minLength: 1 });
  fc.assert(fc.property(bins, confidences, fc.nat(39), (bins, confidences, bound) => {
    const onBound = (bound % bins + 1) / bins;
    const all = onBound >= 0.5 ? [...confidences, onBound] : confidences;
    const probabilities = all.flatMap((confidence) => [confidence, 1 - confidence]);
    const curve = reliabilityCurve(all.map(() => 0), probabilities, { classes: 2, bins });
    for (const { lower, upper, count } of curve) {
      assertEquals(count, all.filter((each) => each > lower && each <= upper).length);
    }
  }));
});

Deno.test("expectedCalibrationError() weighs each bin by its samples", () => {
  // By hand: bins of 15 hold {0.7}, {0.8}, {0.4}, {1.0}, {0.5}; gaps 0.3, 0.2, 0.4, 1, 0.5.
  const ece = expectedCalibrationError(OWN, PROBABILITIES, { classes: 3 });
  assertAlmostEquals(ece, (0.3 + 0.2 + 0.4 + 1 + 0.5) / 5, 1e-12);
  // One bin: mean confidence 0.68, accuracy 0.6.
  const coarse = expectedCalibrationError(OWN, PROBABILITIES, { classes: 3, bins: 1 });
  assertAlmostEquals(coarse, 0.08, 1e-12);
  assertThrows(
    () => expectedCalibrationError(OWN, PROBABILITIES, { classes: 3, bins: 0 }),
    RangeError,
    "0 bins",
  );
});

Deno.test("normalQuantile() equals SciPy's norm.ppf", () => {
  const expected: ReadonlyArray<[number, number]> = [
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489004],
    [0.6, 0.2533471031357997],
    [1e-12, -7.034483825301131],
    [0.5, 0],
    [1 - 1e-9, 5.997807019601637],
  ];
  for (const [probability, quantile] of expected) {
    assertAlmostEquals(normalQuantile(probability), quantile, 1e-12);
  }
});

Deno.test("wilsonInterval() equals SciPy's proportion_ci", () => {
  assertAllAlmostEqual(wilsonInterval(0, 10), [0, 0.27753279986288926]);
  assertAllAlmostEqual(wilsonInterval(10, 10), [0.7224672001371109, 1]);
  assertAllAlmostEqual(wilsonInterval(3, 10), [0.10779126740630102, 0.6032218525388546]);
  assertAllAlmostEqual(wilsonInterval(2400, 3589), [0.6531380260460881, 0.6839210994065267]);
  const [low, high] = wilsonInterval(7, 20, { confidence: 0.99 });
  assertAllAlmostEqual([low, high], [0.14639344137693885, 0.6283381789526872]);
});

Deno.test("intervals refuse counts and a confidence out of range", () => {
  assertThrows(() => wilsonInterval(3, 2), RangeError, "3 successes in 2 trials");
  assertThrows(() => wilsonInterval(0, 0), RangeError, "0 trials");
  assertThrows(() => wilsonInterval(NaN, 3), RangeError, "NaN");
  assertThrows(() => wilsonInterval(1, 2, { confidence: 95 }), RangeError, "confidence 95");
  const generator = new Generator(0);
  assertThrows(() => bootstrapInterval(0, () => 0, { generator }), RangeError, "0 samples");
  assertThrows(
    () => bootstrapInterval(2, () => 0, { generator, resamples: 0 }),
    RangeError,
    "0 resamples",
  );
});

Deno.test("bootstrapInterval() interpolates percentiles as numpy does", () => {
  // The statistic counts resamples: 0, 1, ..., 100. numpy.percentile gives 2.5 and 97.5.
  let next = 0;
  const generator = new Generator(0);
  const interval = bootstrapInterval(3, () => next++, { generator, resamples: 101 });
  assertAllAlmostEqual(interval, [2.5, 97.5]);
});

Deno.test("bootstrapInterval() of an accuracy agrees with Wilson's and repeats with its seed", () => {
  const right = Array.from({ length: 1000 }, (_, i) => i < 700 ? 1 : 0);
  const mean = (indices: Uint32Array) => {
    let sum = 0;
    for (const i of indices) sum += right[i];
    return sum / indices.length;
  };
  const draw = (seed: number) => bootstrapInterval(1000, mean, { generator: new Generator(seed) });
  const [low, high] = wilsonInterval(700, 1000);
  assertAlmostEquals(draw(1)[0], low, 0.005);
  assertAlmostEquals(draw(1)[1], high, 0.005);
  assertEquals(draw(1), draw(1));
  assert(draw(1)[0] !== draw(2)[0] || draw(1)[1] !== draw(2)[1]);
});

const python = ["/usr/bin/python3", "python3"].find((name) => {
  try {
    return new Deno.Command(name, { args: ["-c", "import sklearn"], stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
});

Deno.test({
  name: "fresh cases equal scikit-learn's, its text included (python)",
  ignore: python === undefined,
  fn(): void {
    const script = `
import json, sys, numpy as np, warnings
from sklearn import metrics as m
warnings.filterwarnings("ignore")
rng, out = np.random.default_rng(int(sys.argv[1])), []
names = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
for n, classes, digits in ((5, 4, 2), (400, 7, 3), (64, 7, 2), (16, 2, 0), (3000, 7, 6)):
    t = rng.integers(0, classes, n)
    p = rng.dirichlet(np.ones(7), n)
    p[np.arange(n), t] += rng.random(n)
    p /= p.sum(1, keepdims=True)
    g = p.argmax(1)
    out.append({"truth": t.tolist(), "predicted": g.tolist(), "p": p.ravel().tolist(), "digits": digits,
        "f1": m.f1_score(t, g, labels=range(7), average="macro", zero_division=0),
        "balanced": m.balanced_accuracy_score(t, g),
        "loss": m.log_loss(t, p, labels=range(7)), "top2": m.top_k_accuracy_score(t, p, k=2, labels=range(7)),
        "report": m.classification_report(t, g, labels=range(7), target_names=names, digits=digits, zero_division=0),
        "plain": m.classification_report(t, g, digits=digits, zero_division=0)})
json.dump(out, sys.stdout)`;
    const { stdout } = new Deno.Command(python ?? "", { args: ["-c", script, "7"] }).outputSync();
    for (const each of JSON.parse(new TextDecoder().decode(stdout))) {
      const { truth, predicted, p, digits } = each;
      const classes = 7;
      assertEquals(predictedLabels(p, classes), Int32Array.from(predicted));
      assertAlmostEquals(f1Score(truth, predicted, { classes }), each.f1, 1e-12);
      assertAlmostEquals(balancedAccuracyScore(truth, predicted), each.balanced, 1e-12);
      assertAlmostEquals(logLoss(truth, p, { classes }), each.loss, 1e-12);
      assertAlmostEquals(topKAccuracyScore(truth, p, { classes }), each.top2, 1e-12);
      assertEquals(
        classificationReport(truth, predicted, { classes: EMOTIONS, digits }),
        each.report,
      );
      assertEquals(classificationReport(truth, predicted, { digits }), each.plain);
    }
  },
});

Deno.test("fitTemperature() undoes the temperature that calibrated probabilities were given", () => {
  // Labels drawn as often as the probabilities say, to one part in eight.
  const rows = [[0.5, 0.25, 0.25], [0.75, 0.125, 0.125], [0.125, 0.25, 0.625]];
  const truth: number[] = [];
  const calibrated: number[] = [];
  for (const row of rows) {
    row.forEach((share, label) => {
      for (let i = 0; i < share * 8; i++) {
        truth.push(label);
        calibrated.push(...row);
      }
    });
  }
  for (const temperature of [0.4, 1, 2.5]) {
    const given = applyTemperature(calibrated, 1 / temperature, { classes: 3 });
    assertAlmostEquals(fitTemperature(truth, given, { classes: 3 }), temperature, 1e-5);
  }
});

Deno.test("fitTemperature() stays from 0.1 to 10 where no temperature is the best", () => {
  assertEquals(fitTemperature([0, 1], [0.6, 0.4, 0.4, 0.6], { classes: 2 }), 0.1);
  assertEquals(fitTemperature([1, 0], [0.6, 0.4, 0.4, 0.6], { classes: 2 }), 10);
  assertEquals(fitTemperature([0, 1], [1, 0, 0, 1], { classes: 2 }), 0.1);
});

Deno.test("applyTemperature() keeps the order of classes and each row's sum", () => {
  const out = applyTemperature([0.7, 0.2, 0.1, 0, 0, 1], 3, { classes: 3 });
  assert(out[0] > out[1] && out[1] > out[2]);
  assertAlmostEquals(out[0] + out[1] + out[2], 1, 1e-6);
  assertEquals([...out.subarray(3)], [0, 0, 1]);
  assertThrows(() => applyTemperature([1], 0, { classes: 1 }), RangeError, "temperature of 0");
  assertThrows(() => applyTemperature([1, 0], 1, { classes: 3 }), TypeError, "split 2");
});
