import { parse } from 'smol-toml';
import type { Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import { displayPath, joinPath } from '../../../../model/path.js';
import { readOptionalText } from '../../../../syntax/guest-text.js';
import type { PackageFacts } from '../header/facts.js';
import type { ReasonSource, RecordedReason } from './recorded.js';

/** Where dnf 5 keeps its state (dnf5-system-state(7)), and where its first releases did. */
export const DNF5_FOLDERS = ['/usr/lib/sysimage/libdnf5', '/usr/lib/sysimage/dnf'] as const;

const MAX_BYTES = 16 * 1024 * 1024;
const REASONS: ReadonlyMap<unknown, boolean> = new Map([
  ['user', false],
  ['group', false],
  ['dependency', true],
  ['weak dependency', true],
]);

/** `packages.toml` has reasons by `name.arch`, `groups.toml` the packages of groups, `nevras.toml` the repositories. */
export async function readDnf5State(fs: GuestFs, problems: Problem[]): Promise<ReasonSource> {
  const folder = DNF5_FOLDERS.find((path) => fs.exists(joinPath(path, 'packages.toml')));
  if (folder === undefined) return () => undefined;
  const packages = await table(fs, joinPath(folder, 'packages.toml'), 'packages', problems);
  const groups = await table(fs, joinPath(folder, 'groups.toml'), 'groups', problems);
  const nevras = await table(fs, joinPath(folder, 'nevras.toml'), 'nevras', problems);
  const grouped = new Set<unknown>();
  for (const group of groups.values()) {
    const members = field(group, 'packages');
    if (Array.isArray(members)) for (const name of members) grouped.add(name);
  }
  return (item): RecordedReason | undefined => {
    const recorded = packages.get(`${item.name}.${item.architecture}`);
    const repository = field(nevras.get(nevra(item)), 'from_repo');
    if (recorded === undefined && repository === undefined && !grouped.has(item.name)) return undefined;
    const word = field(recorded, 'reason');
    const auto = REASONS.get(typeof word === 'string' ? word.toLowerCase() : undefined) ?? null;
    const isGrouped = grouped.has(item.name);
    return {
      auto: isGrouped ? false : auto,
      ...(typeof repository === 'string' && repository !== '' ? { repository: repository.slice(0, 256) } : {}),
      evidence: { path: joinPath(folder, isGrouped && auto !== false ? 'groups.toml' : 'packages.toml') },
    };
  };
}

function nevra({ name, version, architecture }: PackageFacts): string {
  return `${name}-${version}.${architecture}`;
}

async function table(fs: GuestFs, path: string, key: string, problems: Problem[]): Promise<Map<string, unknown>> {
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

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
