/**
 * Where FER-2013 is on this machine, if it is: `FER2013`, or the folder beside the repository.
 *
 * @module
 */
const SHARED = new URL("../../../shared/fer2013/", import.meta.url);

function existing(location: string | URL): string | undefined {
  try {
    Deno.statSync(location);
    return location instanceof URL ? decodeURIComponent(location.pathname) : location;
  } catch {
    return undefined;
  }
}

/** The CSV file. */
export const REAL_CSV: string | undefined = existing(
  Deno.env.get("FER2013") ?? new URL("fer2013.csv.gz", SHARED),
);

/** The FER+ votes. */
export const REAL_VOTES: string | undefined = existing(new URL("fer2013new.csv", SHARED));

/** A sample in Kaggle's folder layout. */
export const REAL_FOLDER: string | undefined = existing(new URL("images", SHARED));
