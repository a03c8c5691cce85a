import type { Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import { joinPath } from '../../../../model/path.js';
import { DNF5_FOLDERS, field, readTomlTable } from '../dnf5-state.js';
import type { PackageFacts } from '../header/facts.js';
import type { ReasonSource, RecordedReason } from './recorded.js';

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
  const packages = await readTomlTable(fs, joinPath(folder, 'packages.toml'), 'packages', problems);
  const groups = await readTomlTable(fs, joinPath(folder, 'groups.toml'), 'groups', problems);
  const nevras = await readTomlTable(fs, joinPath(folder, 'nevras.toml'), 'nevras', problems);
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
