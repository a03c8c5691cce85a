import type { MachineFiles } from '../files.js';

/**
 * What dpkg, apt and debconf note of all packages together. No installation makes it as the machine has it once some of
 * its packages come from the disk, since nobody tells the package manager of these.
 */
const STATE: readonly string[] = [
  '/var/cache/debconf/templates.dat',
  '/var/cache/debconf/templates.dat-old',
  '/var/lib/apt/extended_states',
  '/var/lib/dpkg/status',
  '/var/lib/dpkg/status-old',
];

/** The paths of it that a machine has. Nothing may be installed on the layer that holds them. */
export function packageState(files: MachineFiles): string[] {
  return STATE.filter((path) => files.keptAt(path)?.entry.type === 'file');
}
