/** How a glob is read. */
export interface GlobOptions {
  extended?: boolean;
  globstar?: boolean;
  caseInsensitive?: boolean;
}

/** Makes a glob a regular expression. */
export function globToRegExp(glob: string, options?: GlobOptions): RegExp;
