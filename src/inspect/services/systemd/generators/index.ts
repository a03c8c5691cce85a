import { type Generated, mergeGenerated } from '../generated.js';
import { cloudInit } from './cloud-init.js';
import { fstab } from './fstab.js';
import type { Generator, GeneratorInput } from './generator.js';
import { getty } from './getty.js';
import { netplan } from './netplan.js';
import { openvpn } from './openvpn.js';
import { postfix } from './postfix.js';
import { postgresql } from './postgresql.js';
import { quadlet } from './quadlet.js';
import { rcLocal } from './rc-local.js';
import { sshSocket } from './ssh-socket.js';
import { sysv } from './sysv.js';
import { tor } from './tor.js';

/**
 * Every generator that is emulated. Left out are those that start no service: for devices and kernel options (cryptsetup,
 * debug, GPT, hibernation, integrity, system update, verity), for mounts that no service asks for by name (ZFS,
 * rpc_pipefs), and for the order of units alone (NFS server).
 */
export const GENERATORS: readonly Generator[] = [
  cloudInit,
  fstab,
  getty,
  netplan,
  openvpn,
  postfix,
  postgresql,
  quadlet,
  rcLocal,
  sshSocket,
  sysv,
  tor,
];

const FOLDERS = [
  '/etc/systemd/system-generators',
  '/usr/local/lib/systemd/system-generators',
  '/usr/lib/systemd/system-generators',
  '/lib/systemd/system-generators',
];

export async function runGenerators(input: GeneratorInput): Promise<Generated> {
  const parts: Generated[] = [];
  for (const generator of GENERATORS) {
    if (isInstalled(input, generator.program)) parts.push(await generator.generate(input));
  }
  return mergeGenerated(parts);
}

/** The folder of highest precedence decides; a link to /dev/null there masks the generator. */
function isInstalled({ context: { fs } }: GeneratorInput, program: string): boolean {
  // Fragments of a system come without programs: the generators are then taken to be there.
  if (FOLDERS.every((folder) => fs.list(folder).length === 0)) return true;
  for (const folder of FOLDERS) {
    const entry = fs.lstat(`${folder}/${program}`);
    if (entry !== undefined)
      return entry.target !== '/dev/null' && fs.stat(`${folder}/${program}`)?.path !== '/dev/null';
  }
  return false;
}
