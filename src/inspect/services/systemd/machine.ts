import { shellAssignments } from '../../../syntax/shell.js';
import { readText, type ServiceContext } from '../context.js';
import { type MachineSpecifiers, systemdArchitecture } from './specifiers.js';
import { parseUnitFile } from './unit-file.js';
import { listSettings } from './values.js';
import { splitWords } from './words.js';

const ROOT = { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/sh' };

/** What specifiers and conditions ask of the machine itself. */
export async function readMachine(context: ServiceContext): Promise<MachineSpecifiers> {
  const hostname = (await readText(context, '/etc/hostname', 65536))
    ?.split('\n')
    .find((line) => line.trim() !== '' && !line.startsWith('#'));
  const machineId = (await readText(context, '/etc/machine-id', 4096))?.trim() ?? '';
  const release =
    (await readText(context, '/etc/os-release')) ?? (await readText(context, '/usr/lib/os-release')) ?? '';
  return {
    hostname: hostname?.trim().slice(0, 64) ?? null,
    machineId: /^[0-9a-f]{32}$/.test(machineId) ? machineId : null,
    architecture: systemdArchitecture(context.os.architecture),
    osRelease: new Map(shellAssignments(release).map(({ name, value }) => [name, value])),
    user: ROOT,
    isUserManager: false,
  };
}

/** DefaultEnvironment= of the manager (systemd-system.conf(5)), over the PATH that it always sets. */
export async function readDefaultEnvironment(context: ServiceContext): Promise<Map<string, string>> {
  const environment = new Map<string, string>();
  const folders = ['/etc/systemd/system.conf.d', '/usr/lib/systemd/system.conf.d', '/lib/systemd/system.conf.d'];
  const names = new Map<string, string>();
  for (const folder of folders) {
    for (const name of context.fs.list(folder))
      if (name.endsWith('.conf') && !names.has(name)) names.set(name, `${folder}/${name}`);
  }
  const files = [
    '/etc/systemd/system.conf',
    ...[...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path),
  ];
  const settings = [];
  for (const path of files) settings.push(...parseUnitFile((await readText(context, path)) ?? '', path).settings);
  for (const { value } of listSettings(settings, 'Manager', 'DefaultEnvironment')) {
    for (const word of splitWords(value)) {
      const equals = word.value.indexOf('=');
      if (equals > 0) environment.set(word.value.slice(0, equals), word.value.slice(equals + 1));
    }
  }
  return environment;
}

/** Where fstab(5) mounts file systems, from the guest's own file. */
export async function readMountPoints(context: Pick<ServiceContext, 'fs' | 'report'>): Promise<Set<string>> {
  const points = new Set<string>(['/']);
  for (const line of ((await readText(context, '/etc/fstab')) ?? '').split('\n', 10_000)) {
    const [source, point, , options] = line.trim().split(/\s+/);
    if (source === undefined || source.startsWith('#') || !point?.startsWith('/')) continue;
    if (!(options ?? '').split(',').includes('noauto')) points.add(point);
  }
  return points;
}

/** The unit that the kernel command line or the default link boots to (systemd(1), systemd.special(7)). */
export function bootTarget(kernelArguments: readonly string[], has: (name: string) => boolean): string {
  const named = kernelArguments.findLast((word) => word.startsWith('systemd.unit='))?.slice('systemd.unit='.length);
  if (named !== undefined && has(named)) return named;
  const runlevel = kernelArguments.findLast((word) => /^(?:[1-5]|s|S|single|rescue|emergency)$/.test(word));
  if (runlevel !== undefined) return RUNLEVEL_TARGETS[runlevel] ?? 'rescue.target';
  return ['default.target', 'graphical.target', 'multi-user.target'].find(has) ?? 'default.target';
}

const RUNLEVEL_TARGETS: Readonly<Record<string, string>> = {
  2: 'multi-user.target',
  3: 'multi-user.target',
  4: 'multi-user.target',
  5: 'graphical.target',
  emergency: 'emergency.target',
};
