import test from 'ava';
import type { MemoryNode } from '../../../src/guest/memory/memory-guest.js';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import type { ServiceFindings } from '../../../src/inspect/services/index.js';
import { readScript } from '../../../src/inspect/services/script/index.js';
import { collectedArchives, collectedFiles, isCollected, readArchive, whySkipped } from './helpers/collected.js';
import { executable, inspect, link, type Nodes, SYSTEMD } from './helpers/inspect.js';

const withCollected = isCollected ? test : test.skip;

/** Programs that units name are not in the fragments: they are laid down, so that services come up. */
async function inspectWithPrograms(nodes: Nodes): Promise<ServiceFindings> {
  const first = await inspect(nodes);
  const programs: Record<string, MemoryNode> = {};
  for (const { command } of first.services) if (command[0]?.startsWith('/')) programs[command[0]] ??= executable();
  return inspect({ ...programs, ...nodes });
}

function explain(found: ServiceFindings): string[] {
  const problems = found.problems.map(({ path }) => path);
  return found.services
    .filter(({ command, role, reason }) => command.length === 0 && !(role === 'system' && reason === 'group'))
    .filter(({ evidence }) => !evidence.some(({ path }) => problems.includes(path)))
    .map(({ name }) => name);
}

for (const archive of collectedArchives()) {
  withCollected(`every service of ${archive} has a command or a located problem${whySkipped}`, async (t) => {
    const found = await inspectWithPrograms(await readArchive(archive));
    t.deepEqual(explain(found), []);
    for (const item of found.services) t.true(item.evidence.length > 0, item.name);
    for (const problem of found.problems) t.true(problem.path.startsWith('/'), problem.code);
  });
}

/** Services that the makers of the machines had on, by what their links and jobs say. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'ubuntu-12.04-zrobot-armhf.tar.xz': ['rsyslog', 'cron'],
  'ubuntu-14.10-arndale-armhf.tar.xz': ['rsyslog', 'cron', 'dbus', 'ssh', 'udev', 'lxdm'],
  'debian-9-armhf.tar.xz': ['rsyslog.service', 'cron.service', 'dbus.service'],
};
for (const [archive, names] of Object.entries(EXPECTED)) {
  withCollected(`${archive} starts ${names.join(', ')}${whySkipped}`, async (t) => {
    const found = await inspectWithPrograms(await readArchive(archive));
    const enabled = new Set(found.services.filter((item) => item.enabled).map(({ name }) => name));
    t.deepEqual(
      names.filter((name) => !enabled.has(name)),
      [],
    );
  });
}

/** The archives lost the right to execute, and hold no programs: both are put back, and every script is linked. */
async function withScriptsLinked(archive: string): Promise<Nodes> {
  const nodes: Nodes = { '/sbin/init': executable(), '/etc/inittab': 'id:2:initdefault:\n' };
  for (const [path, node] of Object.entries(await readArchive(archive))) {
    if (/^\/(?:lib\/systemd|etc\/init)\//.test(path)) continue;
    const script = /^\/etc\/init\.d\/([^/]+)$/.exec(path)?.[1];
    nodes[path] = script === undefined ? node : ({ ...(node as object), mode: 0o755 } as MemoryNode);
    if (script === undefined || typeof node === 'string' || !('content' in node)) continue;
    nodes[`/etc/rc2.d/S20${script}`] = link(`../init.d/${script}`);
    for (const [program] of String(node.content).matchAll(/\/(?:usr\/)?s?bin\/[\w.-]+/g))
      nodes[program] ??= executable();
  }
  return nodes;
}

/** The daemons of real init scripts, each written by another hand. */
const INFERRED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'ubuntu-10.04-airlink.tar.xz': {
    apache2: '/usr/sbin/apache2ctl start',
    bind9: '/usr/sbin/named -u bind',
    chilli: '/usr/sbin/chilli --coaport 3779 --conf /etc/chilli.conf',
    freeradius: '/usr/sbin/freeradius',
    mysql: '/usr/bin/mysqld_safe',
    squid3: '/usr/sbin/squid3 -D -YC -f /etc/squid3/squid.conf',
    ssh: '/usr/sbin/sshd',
  },
  'ubuntu-12.04-zrobot-armhf.tar.xz': {
    dropbear:
      '/usr/sbin/dropbear -d /etc/dropbear/dropbear_dss_host_key -r /etc/dropbear/dropbear_rsa_host_key -p 22 -W 65536',
    hostapd: '/usr/sbin/hostapd -B -P /var/run/hostapd.pid /etc/hostapd/hostapd.conf',
    udhcpd: '/usr/sbin/udhcpd -S',
  },
  'ubuntu-14.10-arndale-armhf.tar.xz': { lxdm: '/usr/sbin/lxdm-binary -d', ntp: '/usr/sbin/ntpd -p /var/run/ntpd.pid' },
  'debian-9-armhf.tar.xz': { dbus: '/usr/bin/dbus-daemon --system', rsyslog: '/usr/sbin/rsyslogd' },
};
for (const [archive, expected] of Object.entries(INFERRED)) {
  withCollected(`the scripts of ${archive} give the programs they start${whySkipped}`, async (t) => {
    const { services } = await inspect(await withScriptsLinked(archive));
    const commands = services.map(({ name, command }): [string, string] => [name, command.join(' ')]);
    t.deepEqual(Object.fromEntries(commands.filter(([name]) => Object.hasOwn(expected, name))), expected);
  });
}

withCollected(`the units of RHEL 7's initscripts are read${whySkipped}`, async (t) => {
  const nodes: Nodes = { ...SYSTEMD };
  const units = [...collectedFiles('init/initscripts-rhel7/systemd')];
  for (const [path, text] of units) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    nodes[`/lib/systemd/system/${name}`] = text;
    nodes[`/lib/systemd/system/multi-user.target.wants/${name}`] = link(`../${name}`);
  }
  const found = await inspectWithPrograms(nodes);
  const services = units
    .map(([path]) => path.slice(path.lastIndexOf('/') + 1))
    .filter((name) => name.endsWith('.service'));
  t.true(services.length > 3);
  t.deepEqual(
    services.filter((name) => !found.services.some((item) => item.name === name && item.command.length > 0)),
    [],
  );
});

withCollected(`the scripts of a hand-made CentOS 6 give the programs they start${whySkipped}`, async (t) => {
  const nodes = await readArchive('centos-6.9-custom-init.tar.xz');
  const scripts = Object.keys(nodes).filter((path) => /init\.d\/[^/]+$/.test(path));
  t.true(scripts.length >= 4, scripts.join());
  const linked: Nodes = { '/sbin/init': executable(), '/etc/inittab': 'id:3:initdefault:\n' };
  for (const path of scripts) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    linked[`/etc/init.d/${name}`] = { ...(nodes[path] as object), mode: 0o755 } as MemoryNode;
    linked[`/etc/rc3.d/S50${name}`] = link(`../init.d/${name}`);
  }
  const found = await inspect(linked);
  for (const item of found.services) t.true(item.command.length > 0, item.name);
});

for (const folder of [
  'init/openrc/init.d',
  'init/initscripts-rhel5/rc.d',
  'init/initscripts-rhel6/rc.d',
  'init/initscripts-rhel7/rc.d',
]) {
  withCollected(`every script of ${folder} is followed to its end${whySkipped}`, async (t) => {
    let count = 0;
    for (const [name, text] of collectedFiles(folder)) {
      const problems: string[] = [];
      const path = `/etc/init.d/${name}`;
      const context = { fs: memoryGuest({ [path]: executable(text) }), report: (code: string) => problems.push(code) };
      await readScript(context, { path, text, parameters: [path, 'start'], call: ['start'] });
      t.deepEqual(problems, [], name);
      count += 1;
    }
    t.true(count > 2);
  });
}

withCollected(`the Upstart jobs of RHEL 6 start gettys and rc${whySkipped}`, async (t) => {
  const nodes: Nodes = {
    '/sbin/init': executable(),
    '/sbin/initctl': executable(),
    '/etc/inittab': 'id:3:initdefault:\n',
  };
  for (const [name, text] of collectedFiles('init/initscripts-rhel6/init')) nodes[`/etc/init/${name}`] = text;
  const found = await inspectWithPrograms(nodes);
  const enabled = found.services.filter((item) => item.enabled).map(({ name }) => name);
  t.true(enabled.includes('rc') && enabled.includes('start-ttys'), enabled.join());
  t.false(enabled.includes('control-alt-delete'));
});
