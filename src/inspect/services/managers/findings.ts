import type { Evidence } from '../../../model/evidence.js';
import type { FitFinding } from '../../../model/os.js';
import { baseName, joinPath } from '../../../model/path.js';
import { type FoundService, readText, type ServiceContext } from '../context.js';

const CONTAINERS = '/var/lib/docker/containers';
const MAX_CONTAINERS = 500;

/** Docker containers that the daemon would start again at boot. */
export async function dockerContainers(context: ServiceContext, daemonRuns: boolean): Promise<FitFinding[]> {
  const found: { name: string; image: string; evidence: Evidence }[] = [];
  for (const id of context.fs.list(CONTAINERS).slice(0, MAX_CONTAINERS)) {
    const path = joinPath(joinPath(CONTAINERS, id), 'config.v2.json');
    const configuration = parseObject(await readText(context, path));
    const host = parseObject(await readText(context, joinPath(joinPath(CONTAINERS, id), 'hostconfig.json')));
    if (configuration === null) continue;
    const policy = textAt(host, 'RestartPolicy', 'Name');
    if (policy === null || policy === 'no' || policy === '') continue;
    found.push({
      name: textAt(configuration, 'Name')?.replace(/^\//, '') ?? id.slice(0, 12),
      image: textAt(configuration, 'Config', 'Image') ?? '?',
      evidence: { path },
    });
  }
  if (found.length === 0) return [];
  const list = found
    .map(({ name, image }) => `${name} (${image})`)
    .join(', ')
    .slice(0, 2000);
  const state = daemonRuns ? 'are started by Docker at boot' : 'would be started, but no Docker daemon is';
  return [
    {
      rule: 'containers-inside',
      severity: 'warning',
      message: `${found.length} containers of the machine ${state}: ${list}. Move them as they are.`,
      evidence: found.map(({ evidence }) => evidence),
    },
  ];
}

/** Units whose program is a container engine. */
export function podmanUnits(services: readonly FoundService[]): FitFinding[] {
  const found = services.filter(
    ({ enabled, command }) =>
      enabled &&
      /^(?:podman|docker|nerdctl|docker-compose|podman-compose|lxc-start|lxd|incusd|machinectl|systemd-nspawn|k3s|kubelet|crio|containerd)$/.test(
        baseName(`/${command[0] ?? ''}`),
      ),
  );
  return finding(
    found,
    'containers-inside',
    (names) => `Services that are or run containers: ${names}. Their programs are in images, not in the tree.`,
  );
}

/** Snaps are read-only images that are mounted at boot. */
export function snaps(services: readonly FoundService[]): FitFinding[] {
  const found = services.filter(
    ({ enabled, command }) => enabled && (command[0] === '/usr/bin/snap' || (command[0] ?? '').startsWith('/snap/')),
  );
  return finding(
    found,
    'snap',
    (names) =>
      `Services from snaps: ${names}. Their programs are in squashfs images, not in the tree; install them from packages instead.`,
  );
}

/** PM2 keeps the list of what it starts in each user's home. */
export function processManagers({ fs, accounts }: ServiceContext): FitFinding[] {
  const evidence: Evidence[] = [];
  for (const { home } of accounts.users.values()) {
    const path = joinPath(home === '/' ? '' : home, '.pm2/dump.pm2');
    if (fs.exists(path) && !evidence.some((item) => item.path === path)) evidence.push({ path });
    if (evidence.length >= 100) break;
  }
  if (evidence.length === 0) return [];
  return [
    {
      rule: 'process-manager',
      severity: 'warning',
      message: 'PM2 keeps programs running that no init system knows; its dump lists them.',
      evidence,
    },
  ];
}

function finding(services: readonly FoundService[], rule: string, message: (names: string) => string): FitFinding[] {
  if (services.length === 0) return [];
  const names = services
    .map(({ name }) => name)
    .join(', ')
    .slice(0, 2000);
  return [
    {
      rule,
      severity: 'warning',
      message: message(names),
      evidence: services.flatMap((service) => service.evidence.slice(0, 1)),
    },
  ];
}

function parseObject(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function textAt(value: unknown, ...keys: readonly string[]): string | null {
  let current = value;
  for (const key of keys) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return null;
    current = (current as Record<string, unknown>)[key];
  }
  return typeof current === 'string' ? current : null;
}
