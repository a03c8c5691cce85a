import type { Evidence, Problem } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { joinPath } from '../../model/path.js';
import { readOptional, readOptionalText } from '../../syntax/guest-text.js';

/** The architecture of the user's programs: what the package manager recorded, checked against an ELF header. */

export type Manager = 'dpkg' | 'rpm' | 'apk' | 'pacman';

export interface Architecture {
  readonly name: string | null;
  /** Word size of the programs; null when no program could be read. */
  readonly bits: 32 | 64 | null;
  readonly evidence: readonly Evidence[];
}

const MAX_STATUS_BYTES = 64 * 1024 * 1024;
const MAX_PROGRAM_BYTES = 4 * 1024 * 1024;

/** Programs that every system has one of; the smallest is read. */
const PROGRAMS = [
  '/bin/true',
  '/usr/bin/true',
  '/bin/sh',
  '/bin/bash',
  '/bin/busybox',
  '/sbin/ldconfig',
  '/usr/sbin/init',
];

/** Machine in the ELF header (ELF gABI, e_machine) → word of each manager; `elf` is the kernel's (`uname -m`). */
const MACHINES: Readonly<Record<string, { elf: string } & Partial<Record<Manager, string>>>> = {
  'x86-64': { elf: 'x86_64', dpkg: 'amd64' },
  x32: { elf: 'x86_64', dpkg: 'x32' },
  x86: { elf: 'i686', dpkg: 'i386', apk: 'x86' },
  aarch64: { elf: 'aarch64', dpkg: 'arm64' },
  'arm-hard': { elf: 'armv7l', dpkg: 'armhf', rpm: 'armv7hl', apk: 'armv7', pacman: 'armv7h' },
  'arm-soft': { elf: 'armv5tel', dpkg: 'armel', apk: 'armhf' },
  ppc64le: { elf: 'ppc64le', dpkg: 'ppc64el' },
  ppc64: { elf: 'ppc64' },
  ppc: { elf: 'ppc', dpkg: 'powerpc' },
  s390x: { elf: 's390x' },
  riscv64: { elf: 'riscv64' },
  mips64el: { elf: 'mips64', dpkg: 'mips64el' },
  mipsel: { elf: 'mips', dpkg: 'mipsel' },
  loong64: { elf: 'loongarch64', dpkg: 'loong64' },
};

export async function inspectArchitecture(fs: GuestFs, problems: Problem[]): Promise<Architecture> {
  const manager = managerOf(fs);
  const recorded = manager === null ? null : await recordedArchitecture(fs, manager, problems);
  const program = smallestProgram(fs);
  const header = program === null ? undefined : await readOptional(fs, program, MAX_PROGRAM_BYTES, problems);
  const machine = header === undefined ? null : elfMachine(header);
  const names = machine === null ? undefined : MACHINES[machine.name];
  const inferred = names === undefined ? null : ((manager === null ? undefined : names[manager]) ?? names.elf);
  const evidence = [...(recorded?.evidence ?? []), ...(inferred === null ? [] : [{ path: program! }])];
  if (recorded !== null && inferred !== null && manager === 'dpkg' && recorded.name !== inferred) {
    problems.push({
      code: 'architecture-mismatch',
      path: program!,
      reason: `The program is for ${inferred}, and the package manager says ${recorded.name}.`,
    });
  }
  return { name: recorded?.name ?? inferred, bits: machine?.bits ?? null, evidence };
}

function managerOf(fs: GuestFs): Manager | null {
  if (fs.exists('/var/lib/dpkg/status') || fs.exists('/var/lib/dpkg/status.d')) return 'dpkg';
  if (fs.exists('/lib/apk/db/installed') || fs.exists('/usr/lib/apk/db/installed')) return 'apk';
  if (fs.exists('/var/lib/pacman/local')) return 'pacman';
  return fs.exists('/var/lib/rpm') || fs.exists('/usr/lib/sysimage/rpm') ? 'rpm' : null;
}

/** rpm's databases are not text; there the ELF header alone decides. */
async function recordedArchitecture(
  fs: GuestFs,
  manager: Manager,
  problems: Problem[],
): Promise<{ name: string; evidence: Evidence[] } | null> {
  const answer = (name: string | undefined, evidence: Evidence): { name: string; evidence: Evidence[] } | null =>
    name !== undefined && /^[a-z0-9][a-z0-9_-]{1,30}$/.test(name) ? { name, evidence: [evidence] } : null;
  if (manager === 'apk') {
    const path = '/etc/apk/arch';
    return answer((await readOptionalText(fs, path, 4096, problems))?.trim(), { path });
  }
  if (manager === 'pacman') {
    const folder = '/var/lib/pacman/local';
    const name = fs.list(folder).find((item) => /^glibc-\d/.test(item));
    if (name === undefined) return null;
    const path = joinPath(joinPath(folder, name), 'desc');
    const text = (await readOptionalText(fs, path, 1024 * 1024, problems)) ?? '';
    return answer(/(?:^|\n)%ARCH%\n([^\n]{1,30})\n/.exec(text)?.[1], { path });
  }
  if (manager === 'dpkg') {
    const path = '/var/lib/dpkg/status';
    const text = (await readOptionalText(fs, path, MAX_STATUS_BYTES, problems)) ?? '';
    const start = `\n${text}`.search(/\nPackage: (?:dpkg|base-files)\n/);
    if (start === -1) return null;
    const end = text.indexOf('\n\n', start);
    const record = text.slice(start, end === -1 ? text.length : end);
    return answer(/(?:^|\n)Architecture: ([^\n]{1,30})(?:\n|$)/.exec(record)?.[1], { path, record: 'dpkg' });
  }
  return null;
}

function smallestProgram(fs: GuestFs): string | null {
  let best: { path: string; size: number } | null = null;
  for (const path of PROGRAMS) {
    const entry = fs.stat(path);
    if (entry?.type !== 'file' || entry.size < 64 || entry.size > MAX_PROGRAM_BYTES) continue;
    if (best === null || entry.size < best.size) best = { path: entry.path, size: entry.size };
  }
  return best?.path ?? null;
}

/** Class, byte order, machine and the flags that tell hard from soft floats: ELF gABI, "ELF Header". */
function elfMachine(header: Buffer): { name: string; bits: 32 | 64 } | null {
  if (header.length < 52 || header.readUInt32BE(0) !== 0x7f454c46) return null;
  const bits = header[4] === 2 ? 64 : 32;
  const isLittle = header[5] !== 2;
  const machine = isLittle ? header.readUInt16LE(18) : header.readUInt16BE(18);
  const flags = isLittle ? header.readUInt32LE(bits === 64 ? 48 : 36) : header.readUInt32BE(bits === 64 ? 48 : 36);
  const name = {
    3: 'x86',
    8: isLittle ? (bits === 64 ? 'mips64el' : 'mipsel') : 'mips',
    20: 'ppc',
    21: isLittle ? 'ppc64le' : 'ppc64',
    22: 's390x',
    40: (flags & 0x400) !== 0 ? 'arm-hard' : 'arm-soft',
    62: bits === 64 ? 'x86-64' : 'x32',
    183: 'aarch64',
    243: `riscv${bits}`,
    258: `loong${bits}`,
  }[machine];
  return name === undefined ? null : { name, bits };
}
