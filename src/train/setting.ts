/**
 * The kinds of settings, and what their values have to be.
 *
 * @module
 */

/** What the table of settings says of any of them. */
interface SettingText {
  /** What it does, in one line without a full stop, as `--help` shows it. */
  readonly about: string;
  /** What `--help` shows for a default that is not one value, or that means something. */
  readonly otherwise?: string;
  /**
   * Whether a run that goes on may have another value: limits, threads, and its length where the
   * steps taken so far would have been the same.
   */
  readonly mayChange?: true;
}

/** A setting that is a number; an `integer` has no fraction. */
export interface NumberSetting extends SettingText {
  /** The kind. */
  readonly kind: "number" | "integer";
  /** What stands for the value in `--help`. */
  readonly value: string;
  /** The smallest value. */
  readonly min?: number;
  /** The largest value. */
  readonly max?: number;
  /** A bound that the value has to exceed. */
  readonly above?: number;
  /** A bound that the value has to stay below. */
  readonly below?: number;
  /** The recipe's value. */
  readonly default: number;
}

/** A setting that is one of a few words. */
export interface ChoiceSetting extends SettingText {
  /** The kind. */
  readonly kind: "choice";
  /** The words. */
  readonly choices: readonly string[];
  /** The recipe's value. */
  readonly default: string;
}

/** A setting that is on or off. */
export interface BooleanSetting extends SettingText {
  /** The kind. */
  readonly kind: "boolean";
  /** The recipe's value. */
  readonly default: boolean;
}

/** Any setting. */
export type Setting = NumberSetting | ChoiceSetting | BooleanSetting;

/** What a number has to be, in words. */
function expectation({ kind, min, max, above, below }: NumberSetting): string {
  const low = min !== undefined ? ` from ${min}` : above !== undefined ? ` above ${above}` : "";
  const high = max !== undefined ? ` to ${max}` : below !== undefined ? ` to below ${below}` : "";
  return `a ${kind === "integer" ? "whole number" : "number"}${low}${high}`;
}

function isInRange(value: number, setting: NumberSetting): boolean {
  const { kind, min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = setting;
  return Number.isFinite(value) && value >= min && value <= max && value > above && value < below &&
    (kind === "number" || Number.isSafeInteger(value));
}

/**
 * Checks a value of a setting.
 *
 * @param name The setting's name, for messages.
 * @param value Any value.
 * @param setting What it has to be.
 * @throws {TypeError} When it is of another kind.
 * @throws {RangeError} When it is out of range.
 */
export function checkSetting(name: string, value: unknown, setting: Setting): void {
  const fail = (Kind: typeof TypeError | typeof RangeError, expected: string): never => {
    throw new Kind(`Cannot train with ${name} ${value}: expected ${expected}`);
  };
  switch (setting.kind) {
    case "boolean":
      if (typeof value !== "boolean") fail(TypeError, "true or false");
      return;
    case "choice":
      if (typeof value !== "string" || !setting.choices.includes(value)) {
        fail(RangeError, `one of ${setting.choices.join(", ")}`);
      }
      return;
    default:
      if (typeof value !== "number") fail(TypeError, expectation(setting));
      else if (!isInRange(value, setting)) fail(RangeError, expectation(setting));
  }
}
