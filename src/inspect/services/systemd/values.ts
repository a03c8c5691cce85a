import type { Setting } from './unit-file.js';

/** How single settings are read out of the ordered list of a unit. */

/** The last value of a setting; null when it is not set, or was reset by an empty assignment. */
export function lastValue(settings: readonly Setting[], section: string, name: string): string | null {
  const found = lastSetting(settings, section, name);
  return found === null || found.value === '' ? null : found.value;
}

export function lastSetting(settings: readonly Setting[], section: string, name: string): Setting | null {
  for (let index = settings.length - 1; index >= 0; index -= 1) {
    const setting = settings[index]!;
    if (setting.section === section && setting.name === name) return setting;
  }
  return null;
}

/** All values of a list setting after its last empty assignment. */
export function listSettings(settings: readonly Setting[], section: string, name: string): Setting[] {
  const result: Setting[] = [];
  for (const setting of settings) {
    if (setting.section !== section || setting.name !== name) continue;
    if (setting.value === '') result.length = 0;
    else result.push(setting);
  }
  return result;
}

/** systemd.syntax(7); null for anything else, which systemd ignores. */
export function parseBoolean(text: string | null): boolean | null {
  if (text === null) return null;
  if (/^(?:1|yes|y|true|t|on)$/i.test(text)) return true;
  if (/^(?:0|no|n|false|f|off)$/i.test(text)) return false;
  return null;
}

/** Bytes: a number with K, M, G, T, P, E to the base 1024; a share of `whole` with `%`; null for `infinity`. */
export function parseBytes(text: string | null, whole: number | undefined): number | null {
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([KMGTPE%]?)B?$/i.exec(text?.trim() ?? '');
  if (match === null) return null;
  const number = Number(match[1]);
  if (match[2] === '%') return whole === undefined ? null : Math.floor((whole * number) / 100);
  const power = match[2] === '' ? 0 : 'KMGTPE'.indexOf(match[2]!.toUpperCase()) + 1;
  return Math.floor(number * 1024 ** power);
}
