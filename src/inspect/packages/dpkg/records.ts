import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { PackageDatabase } from '../../../model/packages.js';
import { displayPath, normalizePath } from '../../../model/path.js';
import { fieldValue, parseDeb822 } from '../../../syntax/deb822.js';
import { readOptionalText } from '../../../syntax/guest-text.js';
import { DPKG_FOLDER } from './status.js';

/** The small files beside the status: diversions, overrides, architectures, marks. */

const MAX_BYTES = 16 * 1024 * 1024;
export const EXTENDED_STATES = '/var/lib/apt/extended_states';

/** Groups of three lines: the diverted path, where its file lies instead, the package (`:` the administrator). */
export async function readDiversions(fs: GuestFs, problems: Problem[]): Promise<PackageDatabase['diversions']> {
  const path = `${DPKG_FOLDER}/diversions`;
  const diversions = new Map<string, { to: string; by: string | null }>();
  const lines = (await readOptionalText(fs, path, MAX_BYTES, problems))?.split('\n') ?? [];
  for (let index = 0; index + 2 < lines.length; index += 3) {
    const [from, to, by] = [lines[index]!, lines[index + 1]!, lines[index + 2]!];
    if (!from.startsWith('/') || !to.startsWith('/') || by === '') {
      problems.push({ code: 'dpkg-broken-record', path: `${path}:${index + 1}`, reason: 'Not a diversion.' });
      break;
    }
    diversions.set(normalizePath(from), { to: normalizePath(to), by: by === ':' ? null : by });
  }
  return diversions;
}

/** `user group mode path`, mode in octal; a number as user or group is written `#number`. */
export async function readOverrides(fs: GuestFs, problems: Problem[]): Promise<PackageDatabase['overrides']> {
  const path = `${DPKG_FOLDER}/statoverride`;
  const overrides = new Map<string, { user: string; group: string; mode: number }>();
  const lines = (await readOptionalText(fs, path, MAX_BYTES, problems))?.split('\n') ?? [];
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const match = /^(\S+) (\S+) ([0-7]{1,5}) (\/.*)$/.exec(line.slice(0, 8192));
    if (match === null) {
      problems.push({ code: 'dpkg-broken-record', path: `${path}:${index + 1}`, reason: 'Not an override.' });
    } else {
      const [, user, group, mode, target] = match;
      overrides.set(normalizePath(target!), { user: user!, group: group!, mode: Number.parseInt(mode!, 8) });
    }
  }
  return overrides;
}

/** All architectures the machine installs packages of, its own among them; empty on old and single systems. */
export async function readArchitectures(fs: GuestFs, problems: Problem[]): Promise<string[]> {
  const text = (await readOptionalText(fs, `${DPKG_FOLDER}/arch`, 65536, problems)) ?? '';
  return text.split('\n').filter((line) => /^[a-z0-9][a-z0-9-]*$/.test(line));
}

/**
 * Which packages came as somebody's dependency, asked by name and architecture. Without apt's record, or with an empty
 * one, nothing is known of any package: null for all.
 */
export async function readMarks(
  fs: GuestFs,
  nativeArchitecture: string | null,
  problems: Problem[],
): Promise<(name: string, architecture: string) => boolean | null> {
  const text = (await readOptionalText(fs, EXTENDED_STATES, MAX_BYTES, problems)) ?? '';
  const automatic = new Set<string>();
  let known = false;
  for (const paragraph of parseDeb822(text)) {
    const name = fieldValue(paragraph, 'Package');
    if (name === undefined) {
      problems.push({
        code: 'apt-broken-record',
        path: `${displayPath(EXTENDED_STATES)}:${paragraph.line}`,
        reason: 'A record without the name of its package.',
      });
      continue;
    }
    known = true;
    const architecture = fieldValue(paragraph, 'Architecture') ?? nativeArchitecture ?? '';
    if (fieldValue(paragraph, 'Auto-Installed') === '1') automatic.add(`${name}:${architecture}`);
  }
  if (!known) return () => null;
  // apt writes the native architecture for packages of `all`.
  return (name, architecture) =>
    automatic.has(`${name}:${architecture}`) ||
    (architecture === 'all' && automatic.has(`${name}:${nativeArchitecture ?? ''}`));
}
