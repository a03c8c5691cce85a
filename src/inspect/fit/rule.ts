import type { Evidence } from '../../model/evidence.js';
import type { DataDirectory } from '../../model/files.js';
import type { GuestFs } from '../../model/guest-fs.js';
import type { FileSystem, Hardware } from '../../model/machine.js';
import type { FitFinding, OperatingSystem } from '../../model/os.js';
import type { PackageDatabase } from '../../model/packages.js';
import type { Service } from '../../model/services.js';

/** What is known of a machine when its fitness is judged. */
export interface FitSubject {
  readonly fs: GuestFs;
  readonly os: OperatingSystem;
  readonly hardware: Hardware;
  readonly packages: PackageDatabase | null;
  readonly services: readonly Service[];
  readonly filesystems: readonly FileSystem[];
  readonly dataDirectories: readonly DataDirectory[];
  /** What the images will run on, as `process.arch` calls it; null when that is another machine's matter. */
  readonly hostArchitecture: string | null;
}

export interface FitMatch {
  readonly message: string;
  readonly evidence: readonly Evidence[];
  /** Where it is another than the rule's. */
  readonly severity?: FitFinding['severity'];
}

/** One question about running the machine as containers; a new one is one entry of a list, and one case in its test. */
export interface FitRule {
  readonly id: string;
  readonly severity: FitFinding['severity'];
  check(subject: FitSubject): Promise<readonly FitMatch[]> | readonly FitMatch[];
}

const MAX_NAMED = 8;

/** `a, b, c and 4 more`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).join(', ').slice(0, 1000);
  return names.length > MAX_NAMED ? `${shown} and ${names.length - MAX_NAMED} more` : shown;
}

/** Evidence without end helps nobody. */
export function bounded(evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.slice(0, 50);
}

/** A path that exists, as evidence of a rule that looks for any of several. */
export function firstExisting(fs: GuestFs, paths: readonly string[]): string | undefined {
  return paths.find((path) => fs.exists(path));
}

/** Enabled services whose program has one of the names. */
export function runningPrograms(services: readonly Service[], names: ReadonlySet<string>): Service[] {
  return services.filter(({ enabled, command }) => {
    const program = command[0] ?? '';
    return enabled && names.has(program.slice(program.lastIndexOf('/') + 1));
  });
}

export function serviceEvidence(services: readonly Service[]): readonly Evidence[] {
  return bounded(services.flatMap(({ evidence }) => evidence.slice(0, 1)));
}
