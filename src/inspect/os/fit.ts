import type { FitFinding, Kernel, OperatingSystem } from '../../model/os.js';
import { endedOn } from './end-of-life.js';
import { kernelRelease } from './kernels.js';

/** What the distribution and its kernels say about running as a container. */
export function fitOfSystem(os: OperatingSystem, kernels: readonly Kernel[], bits: 32 | 64 | null): FitFinding[] {
  const findings: FitFinding[] = [];
  const newest = kernels.at(-1);
  const release = newest === undefined ? null : kernelRelease(newest.version);
  // The thesis (4.3.1, 5.1) asks for 3.8 or newer: its containers ran on a kernel like the machine's. A container runs
  // on the host's kernel, so an older one is a hint at old programs and no obstacle.
  if (newest !== undefined && release !== null && (release[0] < 3 || (release[0] === 3 && release[1] < 8))) {
    findings.push({
      rule: 'kernel-older-than-3.8',
      severity: 'warning',
      message: `The newest kernel is ${newest.version}. Programs this old may need vsyscall=emulate on the host.`,
      evidence: [newest.evidence],
    });
  }
  const ended = endedOn(os.id, os.versionId);
  if (ended !== null) {
    findings.push({
      rule: 'distribution-end-of-life',
      severity: 'warning',
      message: `Regular security support of ${os.prettyName} ended on ${ended}; its archives may have moved.`,
      evidence: os.evidence.slice(0, 1),
    });
  }
  if (bits === 32) {
    findings.push({
      rule: 'userland-32-bit',
      severity: 'info',
      message: `The programs are 32-bit (${os.architecture}); many public images have no such variant.`,
      evidence: os.evidence.slice(-1),
    });
  }
  return findings;
}
