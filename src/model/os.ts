import type { Evidence } from './evidence.js';

export interface OperatingSystem {
  /** os-release ID, or the same word for systems older than os-release: `debian`, `centos`, `mageia`, … */
  readonly id: string;
  readonly idLike: readonly string[];
  /** os-release VERSION_ID; null where the release has none (Debian sid, Arch). */
  readonly versionId: string | null;
  readonly codename: string | null;
  readonly prettyName: string;
  /** As the package manager of the system calls it: `amd64`, `x86_64`, `armhf`, …; null when nothing tells. */
  readonly architecture: string | null;
  readonly evidence: readonly Evidence[];
}

export interface Kernel {
  readonly version: string;
  readonly evidence: Evidence;
}

/** One rule of fitness for containers that this machine met. */
export interface FitFinding {
  readonly rule: string;
  readonly severity: 'info' | 'warning' | 'blocker';
  readonly message: string;
  readonly evidence: readonly Evidence[];
}
