/// <reference lib="dom" />
/**
 * The camera, and why there is none.
 *
 * @module
 */

/** Thrown when there is no camera to be had; the message is for people. */
export class CameraError extends Error {
  /** The class's name. */
  override readonly name = "CameraError";
  /** What people can do. */
  readonly advice: string;

  constructor(message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.advice = advice;
  }
}

const ELSE = "You can still open a picture or a video.";

async function isDenied(): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: "camera" as PermissionName });
    return state === "denied";
  } catch {
    return false;
  }
}

async function explained(cause: unknown): Promise<CameraError> {
  const { name, message } = cause as Error;
  const failure = (why: string, advice: string) => new CameraError(why, advice, { cause });
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return failure(
        "The camera was not allowed.",
        (await isDenied()
          ? "Allow it for this page in the browser's site settings, beside the address, and try again. "
          : "Try again and choose Allow when the browser asks. ") + ELSE,
      );
    case "NotFoundError":
    case "OverconstrainedError":
      return failure(
        "No camera was found.",
        `Plug one in or switch it on, and try again. ${ELSE}`,
      );
    case "NotReadableError":
    case "AbortError":
      return failure(
        "The camera does not start.",
        `Another program may be using it: close that, and try again. ${ELSE}`,
      );
    default:
      return failure(`The camera does not start: ${message}.`, ELSE);
  }
}

/**
 * Turns a camera on.
 *
 * @param id Which one; the browser's choice when empty.
 * @returns Its stream.
 * @throws {CameraError} When there is none, or it may not be used.
 */
export async function openCamera(id = ""): Promise<MediaStream> {
  if (!self.isSecureContext) {
    throw new CameraError(
      "Browsers give the camera to secure pages only.",
      "This one came over plain http:. Open it by https:, or as localhost or 127.0.0.1.",
    );
  }
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new CameraError("This browser has no access to cameras.", ELSE);
  }
  const wanted = { width: { ideal: 1280 }, height: { ideal: 720 } };
  const which = id ? { deviceId: { exact: id } } : { facingMode: "user" };
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: { ...wanted, ...which },
      audio: false,
    });
  } catch (error) {
    throw await explained(error);
  }
}

/**
 * Lists the cameras; the browser names them once one is on.
 *
 * @returns Ids and names.
 */
export async function listCameras(): Promise<{ readonly id: string; readonly name: string }[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind }) => kind === "videoinput").map(({ deviceId, label }, i) => ({
    id: deviceId,
    name: label || `Camera ${i + 1}`,
  }));
}
