/**
 * What systems, file managers and network drives leave in folders.
 *
 * @module
 */

const NAMES: ReadonlySet<string> = new Set([
  // macOS, besides what begins with a dot
  ...["__macosx", "icon\r", "network trash folder", "temporary items", "thevolumesettingsfolder"],
  // Windows
  ...["thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "folder.htt"],
  ...["$recycle.bin", "recycler", "recycled", "system volume information", "found.000"],
  // Linux
  "lost+found",
  // Synology, QNAP and their kind
  ...["@eadir", "@tmp", "@recycle", "@recently-snapshot", "@sharebin", "@sharesnap", "@__thumb"],
  ...["#recycle", "#snapshot", "~snapshot", "@appstore", "@database"],
  // camera cards and backup programs
  ...["_gsdata_", "__pycache__", "lightroom settings"],
]);

/**
 * Whether an entry of a folder is none of its owner's: hidden, a bin, thumbnails.
 *
 * @param name The entry's name, in any case.
 */
export function isSystemName(name: string): boolean {
  return name.startsWith(".") || NAMES.has(name.toLowerCase());
}
