import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import { readOptionalText } from '../../../syntax/guest-text.js';
import type { PackageFacts } from './header/facts.js';

const VERSION_LOCKS = ['/etc/yum/pluginconf.d/versionlock.list', '/etc/dnf/plugins/versionlock.list'];
const ZYPP_LOCKS = '/etc/zypp/locks';
const MAX_BYTES = 1024 * 1024;

/** Packages that the administrator keeps at their version: yum-versionlock(1), zypper(8) `addlock`. */
export async function readLocks(fs: GuestFs, problems: Problem[]): Promise<(item: PackageFacts) => boolean> {
  const exact = new Set<string>();
  const names = new Set<string>();
  for (const path of VERSION_LOCKS) {
    for (const line of ((await readOptionalText(fs, path, MAX_BYTES, problems)) ?? '').split('\n')) {
      const entry = line.replace(/#.*/, '').trim();
      // `!` excludes a version instead of holding it.
      if (entry !== '' && !entry.startsWith('!')) exact.add(entry);
    }
  }
  for (const line of ((await readOptionalText(fs, ZYPP_LOCKS, MAX_BYTES, problems)) ?? '').split('\n')) {
    const name = /^solvable_name: (\S{1,255})$/.exec(line.trim())?.[1];
    if (name !== undefined) names.add(name);
  }
  return (item) => names.has(item.name) || spellings(item).some((spelling) => exact.has(spelling));
}

/** `epoch:name-version-release.*` of yum, `name-epoch:version-release.*` of dnf, with or without the architecture. */
function spellings({ name, version, architecture }: PackageFacts): string[] {
  const colon = version.indexOf(':');
  const epoch = colon === -1 ? '0' : version.slice(0, colon);
  const rest = version.slice(colon + 1);
  const bases = [`${epoch}:${name}-${rest}`, `${name}-${epoch}:${rest}`, `${name}-${rest}`];
  return bases.flatMap((base) => [base, `${base}.*`, `${base}.${architecture}`]);
}
