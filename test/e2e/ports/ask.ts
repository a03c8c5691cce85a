import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { editedFiles } from './root.js';
import type { Row } from './rows.js';

const execute = promisify(execFile);

/**
 * Starts a daemon in namespaces of its own over a copy of the root, and asks the kernel what it listens on.
 * The script is pid 1 of its namespace: when it ends, everything that the daemon left behind ends with it.
 */
export async function startAndAsk(
  root: string,
  row: Row,
  command: readonly string[],
  unit: string,
): Promise<{ listening: string[]; output: string }> {
  const field = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1]?.trim() ?? '';
  const user = field('User') || 'root';
  const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const environment = [
    ...unit.replaceAll('%p', row.unit.replace(/[@.].*$/, '')).matchAll(/^EnvironmentFile=-?(\S+)$/gm),
  ].map((match) => `[ -f ${match[1]} ] && set -a && . ${match[1]} && set +a`);
  const folders = [
    ...field('RuntimeDirectory')
      .split(/\s+/)
      .map((name) => `/run/${name}`),
    ...field('StateDirectory')
      .split(/\s+/)
      .map((name) => `/var/lib/${name}`),
    ...field('LogsDirectory')
      .split(/\s+/)
      .map((name) => `/var/log/${name}`),
  ];
  const made = folders.filter((path) => !path.endsWith('/')).map((path) => `install -d -o ${user} ${path}`);
  const assignments = [...unit.matchAll(/^Environment="?([A-Z_]\w*=[^"\n]*)"?$/gm)].map(
    (match) => `export ${quote(match[1]!)}`,
  );
  const exec = row.start ?? `exec ${command.map(quote).join(' ')}`;
  const inner = [
    ...environment,
    ...assignments,
    ...made,
    row.before ?? 'true',
    'cd /',
    user === 'root' || row.start !== undefined
      ? exec
      : `exec setpriv --reuid ${user} --regid ${field('Group') || user} --init-groups --inh-caps +net_bind_service --ambient-caps +net_bind_service -- env HOME=$(getent passwd ${user} | cut -d: -f6) ${exec.replace(/^exec /, '')}`,
  ].join('\n');
  const script = [
    'ip link set lo up',
    'ip link add d0 type veth peer name d1 && ip link set d1 up && ip addr add 192.0.2.1/24 dev d0 && ip link set d0 up',
    // Whatever happens below is forgotten with the namespace: the root itself is only the lower folder.
    'mkdir -p /dev/shm/ports-truth; mount -t tmpfs tmpfs /dev/shm/ports-truth; cd /dev/shm/ports-truth; mkdir up work m',
    `mount -t overlay overlay -o lowerdir=${root},upperdir=up,workdir=work m`,
    // Inside of the root, where links lead to what they mean there; a link itself gives way to the file.
    ...Object.entries(editedFiles(root, row)).map(([path, text]) => {
      const write = `mkdir -p ${quote(dirname(path))}; rm -f ${quote(path)}; base64 -d > ${quote(path)}`;
      return `echo ${Buffer.from(text).toString('base64')} | chroot m /bin/sh -c ${quote(write)}`;
    }),
    'mount -t proc proc m/proc; mount -t tmpfs tmpfs m/run; mount --rbind /dev m/dev',
    'mkdir -p m/run/lock m/run/systemd',
    `chroot m /bin/sh -c ${quote(inner)} > log 2>&1 & daemon=$!`,
    'old=none; same=0; n=0',
    `while [ $same -lt ${row.seconds === undefined ? 6 : 24} ] && [ $n -lt ${(row.seconds ?? 15) * 2} ]; do sleep 0.5; n=$((n+1)); new=$(ss -Hlntu | sort); if [ -n "$new" ] && [ "$new" = "$old" ]; then same=$((same+1)); else same=0; fi; old=$new; done`,
    'echo =====; ss -Hlntup; echo =====; tail -n 20 log; kill -0 $daemon 2>/dev/null || echo the daemon has ended',
  ].join('\n');
  const folder = await mkdtemp(join(tmpdir(), 'ports-truth-'));
  try {
    const file = join(folder, 'script.sh');
    await writeFile(file, script);
    const { stdout } = await execute(
      'unshare',
      ['--mount', '--net', '--pid', '--fork', '--kill-child', '/bin/sh', file],
      { timeout: 180_000, maxBuffer: 4_000_000 },
    );
    const [, sockets = '', output = ''] = stdout.split('=====\n');
    return { listening: parseSockets(sockets), output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** UDP above 32768 without a server behind it is what a resolver or a client asks from. */
function parseSockets(text: string): string[] {
  const found = text.split('\n').flatMap((line) => {
    const [protocol = '', , , , local = ''] = line.trim().split(/\s+/);
    const at = local.lastIndexOf(':');
    const port = Number(local.slice(at + 1));
    if (protocol === '' || (protocol === 'udp' && port >= 32768)) return [];
    return [
      `${protocol} ${reach(
        local
          .slice(0, at)
          .replace(/^\[|\]$/g, '')
          .replace(/%.*/, ''),
      )}:${port}`,
    ];
  });
  return reachable(found);
}

/** A port that everybody reaches is reached over loopback, too. */
export function reachable(ports: readonly string[]): string[] {
  const everywhere = (port: string): string => port.replace(/ [^ ]*:(?=\d+$)/, ' all:');
  return [...new Set(ports)].filter((port) => port === everywhere(port) || !ports.includes(everywhere(port))).sort();
}

/** Families and addresses are not compared where others reach the port; on loopback they are. */
export function reach(written: string): string {
  // Java binds IPv4 addresses in their mapped form.
  const address = written.replace(/^::ffff:/, '');
  return address.startsWith('127.') || address === '::1' ? address : 'all';
}
