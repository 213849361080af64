/**
 * A data set's audit for people.
 *
 * @module
 */
import { type DatasetAudit, USAGES } from "../src/data.ts";
import { count } from "./numbers.ts";

/**
 * What an audit found, a line for each split and each leak.
 *
 * @param audit The audit.
 * @returns Lines without indentation.
 */
export function auditLines(audit: DatasetAudit): string[] {
  const lines: string[] = [];
  for (const usage of USAGES) {
    const split = audit.splits[usage];
    if (split.images === 0) continue;
    const classes = audit.classes.map((name, k) => `${name} ${count(split.counts[k])}`);
    const remarks = [
      split.unlabelled > 0 && `${count(split.unlabelled)} without a label`,
      split.blank > 0 && `${count(split.blank)} blank`,
      split.duplicateImages > 0 &&
      `${count(split.duplicateImages)} in ${count(split.duplicateGroups)} groups of equal images`,
      split.conflictingGroups > 0 &&
      `${count(split.conflictingGroups)} of these groups with conflicting labels`,
    ].filter((remark) => remark !== false);
    lines.push(`${usage}: ${count(split.images)} images: ${classes.join(", ")}`);
    if (remarks.length > 0) lines.push(`${usage}: ${remarks.join(", ")}`);
  }
  for (const { usage, into, images, sameLabel } of audit.leaks) {
    lines.push(
      `${usage}: ${count(images)} images are in ${into} too, ${
        count(sameLabel)
      } with the same label`,
    );
  }
  return lines;
}
