import type { GuestFs } from '../../model/guest-fs.js';
import type { InstalledPackage } from '../../model/packages.js';
import { baseName } from '../../model/path.js';

/** `busybox` reads /etc/inittab and nothing else by itself; `unknown` is an init that nobody here reads. */
export type InitProgram = 'systemd' | 'sysvinit' | 'upstart' | 'openrc' | 'runit' | 'busybox' | 'unknown' | 'none';

interface Clue {
  readonly init: InitProgram;
  readonly applies: (fs: GuestFs) => boolean;
}

/** Packages that bring /sbin/init, one of them at most on a machine; upstart last, since others leave it behind. */
const INIT_PACKAGES: readonly (readonly [name: string, init: InitProgram])[] = [
  ['systemd-sysv', 'systemd'],
  ['sysvinit-core', 'sysvinit'],
  ['runit-init', 'runit'],
  ['upstart-sysv', 'upstart'],
  ['upstart', 'upstart'],
];

/**
 * For trees without a telling /sbin/init, in this order: an installed systemd has a manager beside its units; only
 * Upstart itself brings the jobs that run the old run levels, while other packages bring units for a systemd that is not
 * there; an inittab alone is left over on machines of all kinds, so it comes last.
 */
const CLUES: readonly Clue[] = [
  { init: 'systemd', applies: (fs) => fs.exists('/lib/systemd/systemd') || fs.exists('/usr/lib/systemd/systemd') },
  { init: 'upstart', applies: hasUpstartJobs },
  { init: 'runit', applies: (fs) => fs.exists('/etc/runit/2') && fs.exists('/sbin/runit-init') },
  { init: 'openrc', applies: (fs) => fs.exists('/etc/runlevels/default') && fs.exists('/sbin/openrc-init') },
  {
    init: 'systemd',
    applies: (fs) =>
      fs.exists('/lib/systemd/system/multi-user.target') || fs.exists('/usr/lib/systemd/system/multi-user.target'),
  },
  { init: 'busybox', applies: (fs) => fs.exists('/etc/runlevels/default') && fs.exists('/bin/busybox') },
  { init: 'sysvinit', applies: (fs) => fs.exists('/etc/inittab') },
  { init: 'sysvinit', applies: (fs) => fs.list('/etc/rc2.d').length > 0 || fs.list('/etc/rc.d/rc3.d').length > 0 },
  { init: 'systemd', applies: (fs) => fs.exists('/etc/systemd/system') },
  { init: 'openrc', applies: (fs) => fs.list('/etc/runlevels').length > 0 },
  { init: 'sysvinit', applies: (fs) => fs.list('/etc/init.d').length > 0 || fs.list('/etc/rc.d/init.d').length > 0 },
];

/** Which init system a boot of the disk would run: `init=` of the kernel command line, what /sbin/init is, then clues. */
export function findInitProgram(
  fs: GuestFs,
  kernelArguments: readonly string[],
  ownerOf: (path: string) => Pick<InstalledPackage, 'name'> | null,
  installed: ReadonlySet<string> = new Set(),
): InitProgram {
  const asked = kernelArguments.findLast((word) => word.startsWith('init='))?.slice(5);
  for (const path of [asked, '/sbin/init', '/etc/init', '/bin/init']) {
    const file = path === undefined ? undefined : fs.stat(path);
    if (file?.type !== 'file') continue;
    const init = byName(file.path) ?? byPackage(ownerOf(file.path)?.name ?? '') ?? byNeighbours(fs);
    if (init !== null) return init;
  }
  // A dangling link still tells: the loader of a fragment of a system may lack the program itself.
  const link = fs.lstat('/sbin/init')?.target;
  const linked = link === undefined ? null : byName(link);
  const packaged = INIT_PACKAGES.find(([name]) => installed.has(name))?.[1] ?? null;
  return linked ?? packaged ?? CLUES.find(({ applies }) => applies(fs))?.init ?? 'none';
}

function byName(path: string): InitProgram | null {
  const name = baseName(path);
  if (name === 'systemd') return 'systemd';
  if (name === 'upstart') return 'upstart';
  if (name === 'openrc-init') return 'openrc';
  if (name === 'runit-init' || name === 'runit') return 'runit';
  if (name === 'busybox') return 'busybox';
  if (/^(?:finit|dinit|s6-linux-init|s6-svscan|tini|nosh)/.test(name)) return 'unknown';
  return null;
}

function byPackage(name: string): InitProgram | null {
  if (/^(?:sysvinit|sysvinit-core|SysVinit)$/.test(name)) return 'sysvinit';
  if (name === 'upstart') return 'upstart';
  if (/^systemd(?:-sysv)?$/.test(name)) return 'systemd';
  return null;
}

/** A regular file named init says nothing by itself; Upstart's has jobs, SysV's has an inittab. */
function byNeighbours(fs: GuestFs): InitProgram | null {
  if (hasUpstartJobs(fs) && fs.exists('/sbin/initctl')) return 'upstart';
  if (fs.exists('/etc/inittab')) return 'sysvinit';
  return null;
}

function hasUpstartJobs(fs: GuestFs): boolean {
  return ['rc.conf', 'rc-sysinit.conf', 'rcS.conf'].some((name) => fs.exists(`/etc/init/${name}`));
}
