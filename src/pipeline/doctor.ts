import { constants } from 'node:fs';
import { access, readdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { openSource } from '../disk/open-source.js';
import { AppError } from '../errors.js';
import { explainReader } from '../guest/open-guest.js';
import type { Progress } from '../model/progress.js';
import { chooseAcceleration } from '../tools/acceleration.js';
import { DEBIAN_PACKAGE_OF } from '../tools/run.js';
import { dockerEngineVersion, programVersion } from '../tools/versions.js';

export interface Check {
  readonly name: string;
  /** `warning`: works, but slower or without a feature. */
  readonly status: 'ok' | 'warning' | 'failed';
  readonly message: string;
  /** What to install or do; present unless `ok`. */
  readonly todo?: string;
}

const GIBIBYTE = 1024 ** 3;

/** Looks at everything of the host that the tool relies on; starts nothing that stays. */
export async function checkHost(): Promise<Check[]> {
  return [
    await checkProgram('guestfish', 'failed', 'reads disks'),
    await checkProgram('qemu-img', 'failed', 'checks disk formats'),
    await checkProgram('qemu-nbd', 'failed', 'opens disk formats'),
    await checkProgram('qemu-system-x86_64', 'failed', 'runs the appliance that reads file systems'),
    await checkApplianceKernel(),
    await checkAcceleration(),
    await checkTemporarySpace(),
    ...(await checkEngines()),
    await checkProgram('mmdebstrap', 'warning', 'makes base images of releases that no registry has'),
  ];
}

export interface MachineChecks {
  readonly machines: readonly string[];
  readonly allowDirs: readonly string[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** For each machine, which reader `--reader auto` would take and why. A machine that cannot be read is a failed check. */
export async function checkMachines({ machines, allowDirs, progress, signal }: MachineChecks): Promise<Check[]> {
  const checks: Check[] = [];
  for (const name of machines) {
    try {
      const names = { takenNames: new Set<string>(), takenSlugs: new Set<string>() };
      const source = await openSource(name, { allowDirs, ...names, signal, progress });
      try {
        const { reader, reason } = await explainReader(source, { keys: [], signal, progress });
        checks.push({ name, status: 'ok', message: `--reader auto takes ${reader}: ${reason}` });
      } finally {
        await source.release();
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError)) throw error;
      checks.push({ name, status: 'failed', message: error.message, todo: error.todo });
    }
  }
  return checks;
}

async function checkProgram(program: string, ifMissing: 'warning' | 'failed', purpose: string): Promise<Check> {
  const version = await programVersion(program);
  if (version !== null) return { name: program, status: 'ok', message: `${version}; ${purpose}` };
  return {
    name: program,
    status: ifMissing,
    message: `not installed; it ${purpose}`,
    todo: `apt-get install ${DEBIAN_PACKAGE_OF[program] ?? program}`,
  };
}

/** libguestfs builds its appliance from a kernel of the host; Ubuntu lets only root read it. */
async function checkApplianceKernel(): Promise<Check> {
  const name = 'appliance kernel';
  const fixed = process.env.LIBGUESTFS_PATH;
  if (fixed !== undefined) return { name, status: 'ok', message: `fixed appliance at LIBGUESTFS_PATH=${fixed}` };
  const kernels = (await readdir('/boot').catch(() => [])).filter((file) => /^(?:vmlinuz|vmlinux)-/.test(file)).sort();
  if (kernels.length === 0) {
    return {
      name,
      status: 'failed',
      message: 'there is no kernel in /boot to build the appliance from',
      todo: 'apt-get install linux-image-cloud-amd64 (or any other kernel)',
    };
  }
  const readable: string[] = [];
  for (const kernel of kernels) if (await isAccessible(`/boot/${kernel}`, constants.R_OK)) readable.push(kernel);
  if (readable.length > 0) return { name, status: 'ok', message: `/boot/${readable.at(-1)}` };
  return {
    name,
    status: 'failed',
    message: `the kernels in /boot are not readable for you (${kernels.join(', ')})`,
    todo: 'As root: chmod +r /boot/vmlinuz-* (and dpkg-statoverride --add --update root root 0644 for each to keep it so)',
  };
}

async function checkAcceleration(): Promise<Check> {
  const name = 'KVM';
  if (!(await isAccessible('/dev/kvm', constants.R_OK | constants.W_OK))) {
    return {
      name,
      status: 'warning',
      message: '/dev/kvm is missing or not accessible: the appliance is emulated, about five times slower',
      todo: 'On a host with virtualisation: modprobe kvm, and add yourself to the group kvm.',
    };
  }
  const { acceleration, onTrial } = await chooseAcceleration();
  if (acceleration === 'kvm') {
    return { name, status: 'ok', message: `/dev/kvm is accessible${onTrial ? ', and not yet tried' : ', and works'}` };
  }
  return {
    name,
    status: 'warning',
    message: '/dev/kvm is accessible and does not work, or is switched off: the appliance is emulated',
    todo: 'Use --reader auto, which needs no appliance for most disks.',
  };
}

async function checkTemporarySpace(): Promise<Check> {
  const folder = tmpdir();
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const message = `${(free / GIBIBYTE).toFixed(1)} GiB free in ${folder}`;
  if (free >= 2 * GIBIBYTE) return { name: 'temporary space', status: 'ok', message };
  return {
    name: 'temporary space',
    status: 'warning',
    message,
    todo: 'Set TMPDIR to a folder with more room; the appliance alone needs 1 GiB.',
  };
}

/** One engine is enough, and none is needed to analyse. */
async function checkEngines(): Promise<Check[]> {
  const found: Check[] = [];
  for (const engine of ['docker', 'podman', 'buildah']) {
    const version = await (engine === 'docker' ? dockerEngineVersion() : programVersion(engine));
    if (version !== null) found.push({ name: engine, status: 'ok', message: `${version}; builds images` });
  }
  if (found.length > 0) return found;
  return [
    {
      name: 'container engine',
      status: 'warning',
      message:
        'no Docker engine answers, and neither podman nor buildah is installed: output can be written, not built',
      todo: 'apt-get install buildah',
    },
  ];
}

async function isAccessible(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
