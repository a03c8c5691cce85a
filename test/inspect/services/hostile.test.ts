import test from 'ava';
import fc from 'fast-check';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { readScript } from '../../../src/inspect/services/script/index.js';
import { parseScript } from '../../../src/inspect/services/script/parse.js';
import { endsSoon } from '../../patience.js';
import {
  codes,
  executable,
  inspect,
  inspectSystemd,
  link,
  type Nodes,
  SYSTEMD,
  UNITS,
  WANTED,
  wanted,
} from './helpers/inspect.js';

/** Places that readers look at, and words that mean something there: random trees out of these reach deep. */
const PATHS = [
  '/etc/systemd/system/a.service',
  '/etc/systemd/system/b@.service',
  '/etc/systemd/system/multi-user.target.wants/b@x.service',
  '/etc/systemd/system/multi-user.target.wants/a.service',
  '/etc/systemd/system/a.service.d/x.conf',
  '/etc/systemd/system/service.d/y.conf',
  '/etc/systemd/system/a.socket',
  '/etc/systemd/system/a.timer',
  '/etc/systemd/system/a.path',
  '/etc/systemd/system/default.target',
  '/etc/systemd/system/sockets.target.wants/a.socket',
  '/etc/systemd/system/timers.target.wants/a.timer',
  '/etc/init.d/s',
  '/etc/rc2.d/S01s',
  '/etc/rc.local',
  '/etc/inittab',
  '/etc/init/u.conf',
  '/etc/init/rc.conf',
  '/etc/init/u.override',
  '/etc/runlevels/default/s',
  '/etc/conf.d/s',
  '/etc/sv/r/run',
  '/etc/service/r',
  '/etc/supervisord.conf',
  '/etc/inetd.conf',
  '/etc/xinetd.conf',
  '/etc/xinetd.d/x',
  '/etc/services',
  '/etc/crontab',
  '/etc/cron.d/c',
  '/etc/anacrontab',
  '/var/spool/cron/crontabs/u',
  '/var/spool/cron/atjobs/a0000201c9c380',
  '/etc/passwd',
  '/etc/fstab',
  '/etc/default/grub',
  '/boot/grub/grub.cfg',
  '/etc/machine-id',
  '/etc/hostname',
  '/etc/os-release',
  '/var/lib/systemd/linger/u',
  '/etc/containers/systemd/q.container',
  '/etc/netplan/n.yaml',
  '/etc/ssh/sshd_config',
  '/var/lib/docker/containers/1/config.v2.json',
  '/var/lib/docker/containers/1/hostconfig.json',
  '/sbin/init',
  '/usr/sbin/cron',
  '/lib/systemd/systemd',
  '/etc/default/openvpn',
  '/usr/lib/systemd/system-preset/p.preset',
] as const;
const WORDS = [
  '[Unit]',
  '[Service]',
  '[Install]',
  '[Socket]',
  '[Timer]',
  '\n',
  '\n',
  '\n',
  ' ',
  '=',
  'ExecStart=',
  '/usr/sbin/cron',
  'Wants=a.service',
  'Requires=b@y.service',
  'Conflicts=a.service',
  'ListenStream=80',
  'OnCalendar=daily',
  'WantedBy=multi-user.target',
  'Environment=A=',
  'EnvironmentFile=/etc/*',
  '%',
  '%n',
  '%I',
  '${A',
  '$A',
  '"',
  "'",
  '\\',
  '\\x',
  ';',
  '#',
  '&',
  '|',
  '(',
  ')',
  '{',
  '}',
  '`',
  '$(',
  '${X:-',
  'if',
  'then',
  'fi',
  'case',
  'in',
  'esac',
  ';;',
  'for',
  'do',
  'done',
  'while',
  'function',
  'start()',
  'exec',
  'exit 0',
  '. /etc/init.d/s',
  'start-stop-daemon --start --exec',
  'daemon',
  'su - u -c',
  'start on',
  'stop on',
  'script',
  'end script',
  'env A=1',
  'service x',
  'include /etc/xinetd.conf',
  '[program:p]',
  'command=',
  '* * * * * root x',
  '@reboot',
  'id:2:respawn:',
  'u:x:1000:1000::/home/u:/bin/sh',
  '<<EOF',
  'EOF',
  '\u0000',
  '\udc80',
  '__proto__',
  'constructor',
];

const text = fc
  .array(
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...WORDS) },
      { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
    ),
    { maxLength: 40 },
  )
  .map((words) => words.join(''));
const node: fc.Arbitrary<MemoryNode> = fc.oneof(
  { weight: 6, arbitrary: text.map((content) => ({ content, mode: 0o755 })) },
  { weight: 2, arbitrary: fc.constantFrom(...PATHS, '/dev/null', '..', '', 'loop').map((target) => ({ target })) },
  { weight: 1, arbitrary: fc.constant({ type: 'directory' as const }) },
);
const tree = fc.uniqueArray(fc.tuple(fc.constantFrom(...PATHS), node), { selector: ([path]) => path, maxLength: 25 });

test('no tree makes the inspection fail', async (t) => {
  await fc.assert(
    fc.asyncProperty(tree, fc.boolean(), async (entries, hasSystemd) => {
      const nodes: Nodes = { ...(hasSystemd ? SYSTEMD : {}), ...Object.fromEntries(entries) };
      const found = await inspect(nodes);
      return found.services.every(({ name, evidence }) => name !== '' && evidence.length > 0);
    }),
    { numRuns: 400 },
  );
  t.pass();
});

test('the same tree gives the same findings', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      tree,
      async (entries) =>
        JSON.stringify(await inspect(Object.fromEntries(entries))) ===
        JSON.stringify(await inspect(Object.fromEntries([...entries].reverse()))),
    ),
    { numRuns: 50 },
  );
  t.pass();
});

test('every text parses as a script, and is followed to an end', async (t) => {
  await fc.assert(
    fc.asyncProperty(text, async (script) => {
      parseScript(script);
      await readScript(
        { fs: memoryGuest({}), report: () => {} },
        { path: '/x', text: script, parameters: ['/x', 'start'], call: ['start'] },
      );
    }),
    { numRuns: 500 },
  );
  t.pass();
});

/** Inputs made to take long (one after the other: they share a thread). */
const quick = test.macro(async (t, nodes: Nodes, code?: string) => {
  const found = await endsSoon(t, () => inspectSystemd(nodes));
  if (code !== undefined) t.true(codes(found).includes(code), codes(found).join());
});

const INIT: Nodes = { '/lib/systemd/system-generators/systemd-sysv-generator': executable() };
const scripted = (script: string): Nodes => ({
  ...INIT,
  '/etc/init.d/x': executable(`#!/bin/sh\n${script}`),
  '/etc/rc3.d/S01x': link('../init.d/x'),
});

test.serial('units that want each other in a circle', quick, {
  ...wanted('a.service', 'ExecStart=/usr/bin/app', 'Wants=b.service\nRequires=b.service'),
  [`${UNITS}/b.service`]: '[Unit]\nRequires=a.service\n[Service]\nExecStart=/usr/bin/app',
});
test.serial(
  'a unit that conflicts with itself and everything',
  quick,
  wanted('a.service', 'ExecStart=/usr/bin/app', 'Conflicts=a.service multi-user.target basic.target'),
);
test.serial(
  'five thousand units',
  quick,
  Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) =>
      Object.entries(
        wanted(
          `u${index}.service`,
          'ExecStart=/usr/bin/app',
          `After=u${index + 1}.service\nConflicts=u${index + 1}.service`,
        ),
      ),
    ).flat(),
  ),
);
test.serial('templates that instantiate ever longer names', quick, {
  [`${UNITS}/a@.service`]: '[Unit]\nWants=a@%i%i.service a@x%i.service\n[Service]\nExecStart=/usr/bin/app',
  [`${WANTED}/a@1.service`]: link(`${UNITS}/a@.service`),
});
test.serial(
  'a thousand aliases of each other',
  quick,
  Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [
      `/etc/systemd/system/a${index}.service`,
      link(`/etc/systemd/system/a${(index + 1) % 1000}.service`),
    ]),
  ),
);
test.serial(
  'a unit file of one long line',
  quick,
  wanted('a.service', `ExecStart=/usr/bin/app ${'a '.repeat(400_000)}`),
);
test.serial(
  'a unit file of continued lines',
  quick,
  wanted('a.service', `ExecStart=/usr/bin/app \\\n${'\\\n'.repeat(400_000)}`),
);
test.serial(
  'variables that grow each other',
  quick,
  wanted('a.service', `Environment=A=${'x'.repeat(10_000)}\nExecStart=/usr/bin/app ${'$A '.repeat(10_000)}`),
);
test.serial('a script that sources itself', quick, scripted('. /etc/init.d/x\n'));
test.serial('functions that call each other', quick, scripted('a() { b; b; }\nb() { a; a; }\na\n'));
test.serial(
  'nested loops',
  quick,
  scripted(`${'for i in 1 2 3 4 5 6 7 8 9; do '.repeat(12)}:${'; done'.repeat(12)}\n`),
  'script-too-long',
);
test.serial(
  'values that double',
  quick,
  scripted(`A=xxxxxxxxxxxxxxxx\n${'A="$A$A"\n'.repeat(60)}start-stop-daemon --start --exec /usr/bin/app -- $A\n`),
);
test.serial(
  'brackets that never close',
  quick,
  scripted(`${'$('.repeat(50_000)}${'`'.repeat(3)}${'{ ('.repeat(50_000)}\n`),
);
test.serial('quotes that never close', quick, scripted(`echo ${'"$(echo \\"'.repeat(20_000)}\n`));
test.serial(
  'branches that nobody can decide',
  quick,
  scripted(
    `${Array.from({ length: 3000 }, (_, index) => `V${index}=1\n`).join('')}${'if [ -e /proc/x ]; then A=1; else B=2; fi\n'.repeat(3000)}`,
  ),
  'script-too-long',
);
test.serial('patterns that backtrack', quick, {
  ...scripted(`A=${'a'.repeat(900)}\ncase $A in ${'*a'.repeat(200)}b) exit;; esac\nB=\${A%${'*a'.repeat(60)}b}\n`),
  '/etc/systemd/system-preset/x.preset': `enable ${'*a'.repeat(100)}b\n`,
  '/etc/machine-id': 'uninitialized',
});
