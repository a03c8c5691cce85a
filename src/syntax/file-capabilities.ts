/** Capabilities of files: text (cap_from_text(3)) and the attribute `security.capability` (linux/capability.h). */

export interface FileCapabilities {
  /** Bit masks by the numbers of capabilities(7). */
  readonly permitted: bigint;
  readonly inheritable: bigint;
  /** One for all of them. */
  readonly effective: boolean;
}

/** In the order of their numbers. */
const NAMES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

const ALL = (1n << BigInt(NAMES.length)) - 1n;

/** Reads `cap_net_raw,cap_net_admin=ep`, `= cap_chown+ep`; undefined when it is nothing of the kind. */
export function parseCapabilities(text: string): FileCapabilities | undefined {
  const sets = { e: 0n, i: 0n, p: 0n };
  for (const clause of text.trim().split(/\s+/)) {
    const match = /^([a-z0-9_,]*)((?:[=+-][eip]*)+)$/i.exec(clause);
    const mask = match === null ? undefined : maskOf(match[1]!);
    if (match === null || mask === undefined) return undefined;
    for (const [, operator, flags] of match[2]!.matchAll(/([=+-])([eip]*)/gi)) {
      for (const set of ['e', 'i', 'p'] as const) {
        const isNamed = flags!.toLowerCase().includes(set);
        if (operator === '-' ? isNamed : operator === '=') sets[set] &= ~mask;
        if (operator !== '-' && isNamed) sets[set] |= mask;
      }
    }
  }
  return { permitted: sets.p, inheritable: sets.i, effective: sets.e !== 0n };
}

/** Reads the value of the attribute in its three revisions; undefined when it is none of them. */
export function decodeCapabilities(value: Buffer): FileCapabilities | undefined {
  if (value.length < 12) return undefined;
  const magic = value.readUInt32LE(0);
  const revision = magic >>> 24;
  const words = revision === 1 ? 1 : revision === 2 || revision === 3 ? 2 : 0;
  if (words === 0 || value.length < 4 + 8 * words) return undefined;
  let permitted = 0n;
  let inheritable = 0n;
  for (let word = 0; word < words; word += 1) {
    permitted |= BigInt(value.readUInt32LE(4 + 8 * word)) << BigInt(32 * word);
    inheritable |= BigInt(value.readUInt32LE(8 + 8 * word)) << BigInt(32 * word);
  }
  return { permitted, inheritable, effective: (magic & 1) !== 0 };
}

export function sameCapabilities(a: FileCapabilities | undefined, b: FileCapabilities | undefined): boolean {
  const [left, right] = [a ?? NONE, b ?? NONE];
  return (
    left.permitted === right.permitted &&
    left.inheritable === right.inheritable &&
    (left.effective === right.effective || (left.permitted | left.inheritable) === 0n)
  );
}

const NONE: FileCapabilities = { permitted: 0n, inheritable: 0n, effective: false };

/** An empty list and `all` are all of them. */
function maskOf(list: string): bigint | undefined {
  const lower = list.toLowerCase();
  if (lower === '' || lower === 'all') return ALL;
  let mask = 0n;
  for (const name of lower.split(',')) {
    const number = NAMES.indexOf(name.replace(/^cap_/, ''));
    if (number === -1 || !name.startsWith('cap_')) return undefined;
    mask |= 1n << BigInt(number);
  }
  return mask;
}
