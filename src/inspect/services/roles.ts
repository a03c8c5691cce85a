import { baseName } from '../../model/path.js';
import type { Service } from '../../model/services.js';
import type { FoundService, ServiceContext } from './context.js';
import { SYSTEM_PACKAGES, SYSTEM_SERVICES } from './role-table.js';

interface Role {
  readonly role: Service['role'];
  readonly reason: string;
}

interface Rule {
  readonly name: string;
  decide(service: FoundService, context: ServiceContext): Role | null;
}

/**
 * In this order: what the machine's owner wrote comes first, since somebody may well call his own unit `local` or
 * `module-store`; then names, then packages; then what runs once, which is set-up as a rule when a package brings it.
 */
const RULES: readonly Rule[] = [
  {
    name: 'home-made',
    decide: (service, context) =>
      isHomeMade(service, context) && systemReason(service) === null
        ? { role: 'application', reason: 'made on this machine: no package brings it' }
        : null,
  },
  {
    name: 'name',
    decide: (service) => {
      const reason = systemReason(service);
      return reason === null ? null : { role: 'system', reason };
    },
  },
  {
    name: 'package',
    decide: (service, { ownerOf }) => {
      const owner = service.definition === null ? null : ownerOf(service.definition);
      if (owner === null) return null;
      if (SYSTEM_PACKAGES.has(owner.name)) return { role: 'system', reason: `belongs to ${owner.name}` };
      if (owner.essential || /^(?:required|important)$/.test(owner.priority ?? '')) {
        return { role: 'system', reason: `belongs to ${owner.name}, part of every system of its kind` };
      }
      return null;
    },
  },
  {
    name: 'init program',
    decide: (service) =>
      /^(?:\/usr)?\/lib\/systemd\/systemd-|\/agetty$|\/s?bin\/getty$/.test(service.command[0] ?? '')
        ? { role: 'system', reason: 'part of the init system' }
        : null,
  },
  {
    name: 'once',
    decide: (service, context) =>
      service.type === 'oneshot' &&
      service.ports.length === 0 &&
      !isServedByKernel(service) &&
      !isHomeMade(service, context) &&
      !isLocalProgram(service)
        ? { role: 'system', reason: 'runs once and ends' }
        : null,
  },
];

export function decideRole(service: FoundService, context: ServiceContext): Role {
  for (const rule of RULES) {
    const role = rule.decide(service, context);
    if (role !== null) return role;
  }
  const owner = service.definition === null ? null : context.ownerOf(service.definition);
  return {
    role: 'application',
    reason: owner === null ? 'not part of the operating system' : `installed with ${owner.name}`,
  };
}

/** Written by hand: its file is in no package although there is a package database, or lies where only people write. */
function isHomeMade(service: FoundService, context: ServiceContext): boolean {
  const path = service.definition;
  if (path === null || service.init === 'inetd' || service.init === 'supervisord') return false;
  if (service.init === 'rc.local' || service.init === 'cron') return true;
  if (context.packages !== null && context.ownerOf(path) !== null) return false;
  return path.startsWith('/etc/systemd/system/') || path.startsWith('/usr/local/') || isLocalProgram(service);
}

/** Set up once, and from then on the kernel listens: files of NFS, tunnels of WireGuard, disks of iSCSI. */
function isServedByKernel({ name, command }: FoundService): boolean {
  return (
    /^(?:nfs-server|nfs-kernel-server|nfs|nfsserver|wg-quick@.*|target|rtslib-fb-targetctl)(?:\.service)?$/.test(
      name,
    ) || /^(?:rpc\.nfsd|nfsdctl|wg-quick|targetctl)$/.test(baseName(command[0] ?? ''))
  );
}

/** Programs of people, not of packages. */
function isLocalProgram({ command }: FoundService): boolean {
  return /^\/(?:opt|srv|usr\/local|home|root|data|app)\//.test(command[0] ?? '');
}

const EXACT = new Map<string, string>();
const PREFIXES: [string, string][] = [];
for (const { reason, names } of SYSTEM_SERVICES) {
  for (const name of names.split(/\s+/)) {
    if (name.endsWith('*')) PREFIXES.push([name.slice(0, -1), reason]);
    else EXACT.set(name, reason);
  }
}

function systemReason({ name, command }: FoundService): string | null {
  const unit = baseName(`/${name}`).replace(/\.(?:service|socket|target)$/, '');
  for (const candidate of [
    unit,
    unit.replace(/@.*$/, ''),
    ...(name.startsWith('inittab:') ? [baseName(`/${command[0] ?? ''}`)] : []),
  ]) {
    const exact = EXACT.get(candidate);
    if (exact !== undefined) return exact;
    for (const [prefix, reason] of PREFIXES) if (candidate.startsWith(prefix)) return reason;
  }
  return null;
}
