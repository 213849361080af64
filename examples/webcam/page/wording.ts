/**
 * Figures and faces in words.
 *
 * @module
 */
import type { ClassProbability, QualityIssue, TrackedFace } from "../../../mod.ts";

/** A share in whole percent. */
export const percent = (share: number): string => `${Math.round(100 * share)} %`;

const ISSUES: Readonly<Record<QualityIssue, string>> = {
  small: "too small",
  blurred: "too blurred",
  dark: "too dark",
  bright: "too bright",
  turned: "turned away",
  cut: "cut off by the edge",
};

/** Why a face is not guessed. */
export function issuesOf({ quality }: TrackedFace): string {
  return quality.issues.map((issue) => ISSUES[issue] ?? issue).join(", ");
}

/** The likeliest expression, or null where none is told. */
export function bestOf({ probabilities }: TrackedFace): ClassProbability | null {
  return probabilities?.[0] ?? null;
}

/** A few faces in a sentence, for those who listen. */
export function spokenFaces(faces: readonly TrackedFace[], most = 3): string {
  if (faces.length === 0) return "No face in the picture.";
  const each = faces.slice(0, most).map((face) => {
    const best = bestOf(face);
    const what = best ? `${best.label}, ${percent(best.probability)}` : issuesOf(face);
    return `Face ${face.id}: ${what}.`;
  });
  const more = faces.length - each.length;
  return each.join(" ") + (more > 0 ? ` And ${more} more.` : "");
}
