import type { RuntimeFacts } from './containers.js';
import type { Problem } from './evidence.js';
import type { FileInventory } from './files.js';
import type { FirewallRule } from './firewall.js';
import type { FileSystem, MachineSource } from './machine.js';
import type { FitFinding, Kernel, OperatingSystem } from './os.js';
import type { PackageDatabase } from './packages.js';
import type { Job, Service } from './services.js';

/** All that was found out about one machine: what the inspectors leave and the plan starts from. */
export interface InspectedMachine {
  readonly source: MachineSource;
  readonly os: OperatingSystem;
  readonly kernels: readonly Kernel[];
  readonly filesystems: readonly FileSystem[];
  /** Null when the machine has no package database that anybody reads. */
  readonly packages: PackageDatabase | null;
  readonly files: FileInventory;
  readonly services: readonly Service[];
  readonly jobs: readonly Job[];
  /** Rules on the disk for incoming traffic; absent when nobody asked. */
  readonly firewall?: readonly FirewallRule[];
  /** Absent when nobody asked. */
  readonly runtime?: RuntimeFacts;
  readonly fit: readonly FitFinding[];
  readonly problems: readonly Problem[];
}
