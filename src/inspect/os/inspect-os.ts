import { AppError } from '../../errors.js';
import type { Problem } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import type { FitFinding, Kernel, OperatingSystem } from '../../model/os.js';
import { inspectArchitecture } from './architecture.js';
import { fitOfSystem } from './fit.js';
import { identify } from './identify.js';
import { findKernels } from './kernels.js';

export interface SystemFindings {
  readonly os: OperatingSystem;
  readonly kernels: readonly Kernel[];
  readonly fit: readonly FitFinding[];
  readonly problems: readonly Problem[];
}

/**
 * What the guest runs: distribution, release, architecture and kernels. Null when it holds no system (a data disk).
 * @throws AppError `guest-not-linux` for Windows, the BSDs and Solaris.
 */
export async function inspectOs(fs: GuestFs): Promise<SystemFindings | null> {
  const problems: Problem[] = [];
  const identity = await identify(fs, problems);
  const foreign = foreignSystem(fs, identity?.id ?? null);
  if (foreign !== null) {
    throw new AppError('guest-not-linux', `The disk holds ${foreign.name}, and only Linux can become a Docker image`, {
      where: { path: foreign.path },
      todo: 'Name the disk of a Linux machine.',
    });
  }
  if (identity === null && !looksLikeLinux(fs)) return null;
  const architecture = await inspectArchitecture(fs, problems);
  if (identity === null) {
    problems.push({ code: 'os-unidentified', path: '/etc', reason: 'No release file names the distribution.' });
  }
  const os: OperatingSystem = {
    ...(identity ?? { id: 'linux', idLike: [], versionId: null, codename: null, prettyName: 'Linux', evidence: [] }),
    architecture: architecture.name,
    evidence: [...(identity?.evidence ?? []), ...architecture.evidence],
  };
  const kernels = findKernels(fs);
  return { os, kernels, fit: fitOfSystem(os, kernels, architecture.bits), problems };
}

const FOREIGN_IDS =
  /^(?:freebsd|netbsd|openbsd|dragonfly|ghostbsd|midnightbsd|hardenedbsd|nomadbsd|truenas|solaris|smartos|omnios|openindiana|illumos)$/;

function foreignSystem(fs: GuestFs, id: string | null): { name: string; path: string } | null {
  if (id !== null && FOREIGN_IDS.test(id)) return { name: id, path: '/etc/os-release' };
  if (id !== null) return null;
  for (const folder of ['/Windows/System32', '/WINDOWS/system32', '/windows/system32', '/WINNT/system32']) {
    if (fs.exists(folder)) return { name: 'Windows', path: folder };
  }
  for (const file of ['/bin/freebsd-version', '/netbsd', '/bsd', '/boot/kernel/kernel', '/kernel/unix', '/platform']) {
    if (fs.exists(file)) return { name: 'a BSD or Solaris', path: file };
  }
  return null;
}

/** A root that has a shell or an init and a package database or a C library, though no file names it. */
function looksLikeLinux(fs: GuestFs): boolean {
  const hasPrograms = ['/bin/sh', '/sbin/init', '/usr/bin/env', '/bin/busybox'].some((path) => fs.exists(path));
  return hasPrograms && fs.exists('/etc') && (fs.exists('/lib') || fs.exists('/usr/lib') || fs.exists('/var/lib'));
}
