/**
 * Addresses that a task may not reach.
 *
 * @module
 */

/**
 * Refuses an address that the task's permissions keep from it, and says what to do.
 *
 * @param address A path or an address.
 * @param flag The flag that takes the file once it is there.
 * @throws {Error} When it is an address that may not be reached.
 */
export async function refuseUnreachable(address: string, flag: string): Promise<void> {
  if (!/^https?:\/\//i.test(address)) return;
  const { host } = new URL(address);
  const { state } = await Deno.permissions.query({ name: "net", host });
  if (state === "granted") return;
  throw new Error(
    `Cannot read ${address}: tasks do not reach into the net. Download it first, and give ` +
      `${flag} the file: curl -LO ${address}`,
  );
}
