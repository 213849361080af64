/**
 * The bearer token (RFC 6750).
 *
 * @module
 */

/** Whether a request's `Authorization` header has the token in it. */
export type TokenCheck = (authorization: string | null) => Promise<boolean>;

/**
 * Makes a check that takes the same time whatever the token differs in: both are hashed under a key
 * that nobody knows, and the hashes compared in constant time, as Web Crypto's `verify()` does.
 *
 * @param token The token.
 * @returns The check.
 */
export async function checkToken(token: string): Promise<TokenCheck> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const random = crypto.getRandomValues(new Uint8Array(32));
  const key = await crypto.subtle.importKey("raw", random, algorithm, false, ["sign", "verify"]);
  const expected = await crypto.subtle.sign("HMAC", key, encoder.encode(token));
  return async (authorization) => {
    const given = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (given === undefined) return false;
    return await crypto.subtle.verify("HMAC", key, expected, encoder.encode(given));
  };
}

/**
 * Reads the token that clients must send.
 *
 * @param file Where it is; `FER_SERVER_TOKEN` when left out.
 * @returns The token; `undefined` when there is none.
 * @throws {TypeError} When it is none that can be sent.
 */
export async function readToken(file: string | undefined): Promise<string | undefined> {
  const source = file ?? "FER_SERVER_TOKEN";
  const token = file === undefined
    ? Deno.env.get(source) || undefined
    : (await Deno.readTextFile(file).catch((cause) => {
      throw new Error(`Cannot read the token of ${file}: ${cause.message}`, { cause });
    })).trim();
  // RFC 6750, section 2.1.
  if (token === undefined || /^[\w.~+/-]+=*$/.test(token)) return token;
  throw new TypeError(
    `Cannot take the token of ${source}: expected letters, digits and -._~+/ in one line`,
  );
}
