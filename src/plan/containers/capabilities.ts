import type { ContainerCapabilities } from '../../model/containers.js';
import type { Privileges } from '../../model/services.js';

/** What engines give every container (Docker's reference, "Runtime privilege and Linux capabilities"). */
const GIVEN = words(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT',
);
/** What acts within a container's own namespaces and files; engines of any age know the names. */
const GRANTABLE = words(
  'BLOCK_SUSPEND DAC_READ_SEARCH IPC_LOCK IPC_OWNER LEASE LINUX_IMMUTABLE NET_ADMIN NET_BROADCAST SYS_NICE SYS_PACCT SYS_PTRACE SYS_TTY_CONFIG WAKE_ALARM',
);
/** What reaches the host and its other containers: nobody gets it without having been asked. */
const WITHHELD = words(
  'AUDIT_CONTROL AUDIT_READ BPF CHECKPOINT_RESTORE MAC_ADMIN MAC_OVERRIDE PERFMON SYSLOG SYS_ADMIN SYS_BOOT SYS_MODULE SYS_RAWIO SYS_RESOURCE SYS_TIME',
);

/**
 * The engine's set made into the unit's. With steps as root before the program the engine's own stays, since systemd
 * gives such steps everything; the names of capabilities(7) come without `CAP_`, as Compose examples have them.
 */
export function containerCapabilities(privileges: Privileges, beginsAsRoot: boolean): ContainerCapabilities {
  const { bounding } = privileges;
  const ambient = privileges.ambient.map(bare);
  const only = bounding !== null && 'only' in bounding ? bounding.only.map(bare) : null;
  const wanted = new Set([...ambient, ...(only ?? [])]);
  const allowed = (name: string): boolean => {
    if (ambient.includes(name) || beginsAsRoot || bounding === null) return true;
    return only === null ? !('without' in bounding && bounding.without.map(bare).includes(name)) : only.includes(name);
  };
  const dropped = [...GIVEN].filter((name) => !allowed(name));
  return {
    add: [...wanted].filter((name) => GRANTABLE.has(name)).sort(),
    drop: dropped.length === GIVEN.size ? ['ALL'] : dropped.sort(),
    withheld: [...wanted].filter((name) => WITHHELD.has(name)).sort(),
  };
}

/** Of the ambient set what the kernel must be told to give: low ports are open to everybody in a machine's network. */
export function ambientNames({ ambient }: Privileges): string[] {
  return ambient
    .map(bare)
    .filter((name) => name !== 'NET_BIND_SERVICE' && (GIVEN.has(name) || GRANTABLE.has(name)))
    .sort();
}

function bare(name: string): string {
  return name.replace(/^CAP_/, '');
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}
