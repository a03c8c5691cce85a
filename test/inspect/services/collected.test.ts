import test from 'ava';
import type { MemoryNode } from '../../../src/guest/memory/memory-guest.js';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import type { ServiceFindings } from '../../../src/inspect/services/index.js';
import { readScript } from '../../../src/inspect/services/script/index.js';
import { collectedArchives, collectedFiles, isCollected, readArchive, whySkipped } from './helpers/collected.js';
import { executable, inspect, link, type Nodes } from './helpers/inspect.js';

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
