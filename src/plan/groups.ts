import type { InspectedMachine } from '../model/inspected.js';
import { comparePaths } from '../model/path.js';
import { findRow } from './base/choose-base.js';

/** Machines whose images can share layers: one distribution, release, architecture and layout of `/usr`. */
export interface MachineGroup {
  /** `debian-12-amd64`; only letters, digits, dots, dashes. */
  readonly id: string;
  readonly mergedUsr: boolean | null;
  /** Sorted by name. */
  readonly machines: readonly InspectedMachine[];
}

export function groupMachines(machines: readonly InspectedMachine[]): MachineGroup[] {
  const groups = new Map<string, InspectedMachine[]>();
  for (const machine of [...machines].sort((a, b) => comparePaths(a.source.name, b.source.name))) {
    const id = groupId(machine);
    const members = groups.get(id);
    if (members === undefined) groups.set(id, [machine]);
    else members.push(machine);
  }
  return [...groups]
    .sort(([a], [b]) => comparePaths(a, b))
    .map(([id, members]) => ({ id, mergedUsr: hasMergedUsr(members[0]!), machines: members }));
}

/** One release exists in both layouts, an upgraded machine beside a fresh one; that of its public image goes unnamed. */
function groupId(machine: InspectedMachine): string {
  const { os, packages } = machine;
  const parts = [
    os.id,
    os.versionId ?? os.codename ?? 'rolling',
    os.architecture ?? packages?.architecture ?? 'unknown',
  ];
  const layout = hasMergedUsr(machine);
  const usual = findRow(os).row?.mergedUsr ?? true;
  const suffix = layout === null || layout === usual ? [] : [layout ? 'merged-usr' : 'split-usr'];
  return [...parts.map(slug), ...suffix].join('-');
}

/** Null when the machine has no `/bin` at all. */
export function hasMergedUsr(machine: InspectedMachine): boolean | null {
  const type = machine.files.records.get('/bin')?.entry.type;
  return type === undefined ? null : type === 'symlink';
}

function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9.]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, 40) || 'unknown'
  );
}
