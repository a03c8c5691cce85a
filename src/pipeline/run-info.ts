import { readFile } from 'node:fs/promises';
import type { RunInfo } from '../render/report.js';
import { programVersion } from '../tools/versions.js';

/** When a run was, and with which programs: the one part of a report that differs between equal runs. */
export async function runInfo(
  startedAt: Date,
  options: Readonly<Record<string, unknown>>,
  asked = programVersions(),
): Promise<RunInfo> {
  const versions = await asked;
  return { startedAt: startedAt.toISOString(), finishedAt: new Date().toISOString(), versions, options };
}

/** Asks the programs: to be begun while there is something else to wait for. */
export async function programVersions(): Promise<RunInfo['versions']> {
  const [own, qemu, libguestfs] = await Promise.all([
    ownVersion(),
    programVersion('qemu-img'),
    programVersion('guestfish'),
  ]);
  return {
    'vm2docker-image': own,
    qemu: qemu ?? 'not installed',
    libguestfs: libguestfs ?? 'not installed',
  };
}

async function ownVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
