import { parse } from 'smol-toml';
import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import { displayPath } from '../../../model/path.js';
import { readOptionalText } from '../../../syntax/guest-text.js';

/** Where dnf 5 keeps its state (dnf5-system-state(7)), and where its first releases did. */
export const DNF5_FOLDERS = ['/usr/lib/sysimage/libdnf5', '/usr/lib/sysimage/dnf'] as const;

const MAX_BYTES = 16 * 1024 * 1024;

/** A table of a TOML file by key; empty when the file or the table is absent, or broken (a problem then). */
export async function readTomlTable(
  fs: GuestFs,
  path: string,
  key: string,
  problems: Problem[],
): Promise<Map<string, unknown>> {
  const text = await readOptionalText(fs, path, MAX_BYTES, problems);
  if (text === undefined) return new Map();
  try {
    const found = field(parse(text), key);
    return new Map(typeof found === 'object' && found !== null ? Object.entries(found) : []);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'It is no TOML.';
    problems.push({ code: 'rpm-broken-history', path: displayPath(path), reason });
    return new Map();
  }
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
