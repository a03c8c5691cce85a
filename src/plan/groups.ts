import type { InspectedMachine } from '../model/inspected.js';
import { comparePaths } from '../model/path.js';

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
    const { os, packages } = machine;
    const release = os.versionId ?? os.codename ?? 'rolling';
    const layout = hasMergedUsr(machine);
    // One release exists in both layouts (an upgraded machine beside a fresh one); its usual layout goes unnamed.
    const parts = [os.id, release, os.architecture ?? packages?.architecture ?? 'unknown'];
    const key = JSON.stringify([...parts, layout]);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [machine]);
    else members.push(machine);
  }
  const taken = new Set<string>();
  return [...groups]
    .sort(([a], [b]) => comparePaths(a, b))
    .map(([key, members]) => {
      const [id, release, architecture, mergedUsr] = JSON.parse(key) as [string, string, string, boolean | null];
      const plain = [id, release, architecture].map(slug).join('-');
      let unique = taken.has(plain) ? `${plain}-${mergedUsr === true ? 'merged' : 'split'}-usr` : plain;
      for (let copy = 2; taken.has(unique); copy += 1) unique = `${plain}-${copy}`;
      taken.add(unique);
      return { id: unique, mergedUsr, machines: members };
    });
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
