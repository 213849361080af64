/**
 * The flags of a training: one for each setting.
 *
 * @module
 */
import type { Setting } from "../src/train/setting.ts";
import { defaultsByOptimizer, SETTINGS, type TrainingConfig } from "../src/train/settings.ts";
import { type Flag, kebabCase } from "./flags.ts";

type Settings = typeof SETTINGS;

/** `batchSize` as `batch-size`. */
type KebabCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `-${Lowercase<Head>}`}${KebabCase<Tail>}`
  : "";

/** The flags of all settings, by their names on the command line. */
export type SettingFlags = {
  readonly [Name in keyof Settings & string as KebabCase<Name>]:
    & Pick<Extract<Flag, { readonly kind: Settings[Name]["kind"] }>, "about" | "otherwise">
    & Omit<Settings[Name], "default" | "mayChange" | "otherwise">;
};

/** A setting's default in words, where it is not one value. */
function otherwise(
  name: keyof TrainingConfig,
  setting: Setting,
  onDrawnFaces: Partial<TrainingConfig>,
): string | undefined {
  if (setting.otherwise !== undefined) return setting.otherwise;
  const others = Object.entries(defaultsByOptimizer(name)).map(([optimizer, value]) =>
    `with ${optimizer} ${value}`
  );
  if (name in onDrawnFaces) others.push(`on drawn faces ${onDrawnFaces[name]}`);
  return others.length > 0 ? [setting.default, ...others].join(", ") : undefined;
}

/**
 * The flags of all settings, with the table's ranges, words and defaults.
 *
 * @param onDrawnFaces What the recipe becomes on drawn faces; `--help` says so.
 * @returns A table of flags.
 */
export function settingFlags(onDrawnFaces: Partial<TrainingConfig>): SettingFlags {
  const entries = Object.entries<Setting>(SETTINGS).map(([name, setting]) => {
    const { mayChange: _mayChange, default: value, ...flag } = setting;
    const words = otherwise(name as keyof TrainingConfig, setting, onDrawnFaces);
    const isPlain = words === undefined && setting.kind !== "boolean";
    return [kebabCase(name), {
      ...flag,
      ...(words && { otherwise: words }),
      ...(isPlain && { default: value }),
    }];
  });
  return Object.fromEntries(entries) as SettingFlags;
}
