/**
 * The card's front matter, as Hugging Face reads it.
 *
 * @module
 */
import type { CardComparison, CardContestant, CardSources } from "./sources.ts";

/** The metrics of one evaluation, as lines of YAML. */
function metricsOf({ evaluation }: CardContestant, remark: string): string[] {
  const { accuracy, macroF1, leakFree, ece } = evaluation;
  const metric = (type: string, name: string, value: number) => [
    `          - type: ${type}`,
    `            name: ${name}${remark}`,
    `            value: ${Number(value.toFixed(4))}`,
  ];
  return [
    ...metric("accuracy", "Accuracy", accuracy),
    ...metric("f1", "Macro-F1", macroF1),
    ...metric("accuracy", "Accuracy on images that are not in Training", leakFree.accuracy),
    ...metric("expected_calibration_error", "Expected calibration error", ece),
  ];
}

function resultOf({ usage, plain, augmented }: CardComparison): string[] {
  return [
    "      - task:",
    "          type: image-classification",
    "          name: Facial expression recognition",
    "        dataset:",
    "          type: fer2013",
    "          name: FER-2013",
    `          split: ${usage}`,
    "        metrics:",
    ...metricsOf(plain, ""),
    ...metricsOf(augmented, ", test-time augmentation"),
  ];
}

/**
 * The front matter.
 *
 * @param sources The facts.
 * @param title What the network is called.
 * @param license An SPDX identifier in lower case.
 */
export function frontMatter(sources: CardSources, title: string, license: string): string {
  const { publicTest, privateTest } = sources;
  return [
    "---",
    `license: ${license}`,
    "library_name: fer-core",
    "pipeline_tag: image-classification",
    "tags:",
    ...["facial-expression-recognition", "fer2013", "webgpu", "tfjs", "deno", "safetensors"]
      .map((tag) => `  - ${tag}`),
    "datasets:",
    "  - fer2013",
    "metrics:",
    "  - accuracy",
    "  - f1",
    "model-index:",
    `  - name: ${title}`,
    "    results:",
    ...resultOf(publicTest),
    ...(privateTest ? resultOf(privateTest) : []),
    "---",
  ].join("\n");
}
