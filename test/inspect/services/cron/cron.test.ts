import test from 'ava';
import { parseCronLine } from '../../../../src/inspect/services/cron/schedule.js';
import { codes, executable, inspectSystemd, type Nodes, wanted } from '../helpers/inspect.js';

const CRON: Nodes = { ...wanted('cron.service', 'ExecStart=/usr/sbin/cron -f'), '/usr/sbin/cron': executable() };

async function jobs(nodes: Nodes) {
  const found = await inspectSystemd({ ...CRON, ...nodes });
  return {
    found,
    jobs: found.jobs.map(({ name, schedule, cron, command, user }) => [name, schedule, cron, command.at(-1), user]),
  };
}

test('crontabs of the system name their user, those of users do not', async (t) => {
  const result = await jobs({
    '/etc/crontab': 'SHELL=/bin/sh\n# comment\n*/5 * * * * www /usr/bin/app -a\n',
    '/etc/cron.d/x': '@daily root app\n',
    '/var/spool/cron/crontabs/ann': '0 4 * * Mon app  b\n',
  });
  t.deepEqual(result.jobs, [
    ['/etc/cron.d/x:1', '@daily', '0 0 * * *', 'app', 'root'],
    ['/etc/crontab:3', '*/5 * * * *', '*/5 * * * *', '/usr/bin/app -a', 'www'],
    ['/var/spool/cron/crontabs/ann:1', '0 4 * * Mon', '0 4 * * Mon', 'app  b', 'ann'],
  ]);
  t.deepEqual(result.found.jobs[1]!.evidence, { path: '/etc/crontab', line: 3 });
});

test('each script of a periodic folder is a job at the time of its crontab line', async (t) => {
  const result = await jobs({
    '/etc/crontab': '25 6 * * * root test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }\n',
    '/etc/cron.daily/tidy': executable(),
    '/etc/cron.daily/.placeholder': '',
    '/etc/cron.daily/not.taken': executable(),
    '/etc/cron.daily/not-executable': '',
  });
  t.deepEqual(result.jobs, [['/etc/cron.daily/tidy', '25 6 * * *', '25 6 * * *', '/etc/cron.daily/tidy', 'root']]);
});

test('where anacron is installed it says when', async (t) => {
  const result = await jobs({
    '/usr/sbin/anacron': executable(),
    '/etc/anacrontab': '7 10 cron.weekly run-parts --report /etc/cron.weekly\n1 5 own /usr/bin/app\n',
    '/etc/crontab': '47 6 * * 7 root test -x /usr/sbin/anacron || run-parts /etc/cron.weekly\n',
    '/etc/cron.weekly/tidy': executable(),
  });
  t.deepEqual(result.jobs, [
    ['/etc/cron.weekly/tidy', 'every 7 days, delay 10 min', null, '/etc/cron.weekly/tidy', 'root'],
    ['anacron:own', 'every 1 days, delay 5 min', null, '/usr/bin/app', 'root'],
  ]);
});

test('without a cron daemon there are no jobs, and it is said', async (t) => {
  const found = await inspectSystemd({ '/etc/cron.d/x': '@daily root app\n' });
  t.deepEqual(found.jobs, []);
  t.deepEqual(codes(found), ['cron-not-running']);
});

test('names that cron does not take, and lines that are none', async (t) => {
  const result = await jobs({
    '/etc/cron.d/x.dpkg-old': '@daily root app\n',
    '/etc/cron.d/with.dot': '@daily root app\n',
    '/etc/cron.d/bad': 'every day root app\n',
  });
  t.deepEqual(result.jobs, []);
  t.deepEqual(codes(result.found), ['crontab-syntax']);
});

test('jobs of at have a moment and a user', async (t) => {
  const found = await inspectSystemd({
    ...wanted('atd.service', 'ExecStart=/usr/sbin/atd -f'),
    '/usr/sbin/atd': executable(),
    '/etc/passwd': 'ann:x:1000:1000::/home/ann:/bin/sh\n',
    '/var/spool/cron/atjobs/a0000201c9c380': '#!/bin/sh\n# atrun uid=1000 gid=1000\n',
    '/var/spool/cron/atjobs/.SEQ': '2',
  });
  t.like(found.jobs[0], { name: 'at:2', user: 'ann', schedule: '2027-01-15T08:00:00.000Z', cron: null });
});

test('a reboot is no time', (t) => {
  t.deepEqual(parseCronLine('@reboot root app', true), {
    schedule: '@reboot',
    cron: null,
    user: 'root',
    command: 'app',
  });
});

test('what @reboot starts is a service of its user, with the variables of the lines above and in its folder', async (t) => {
  const { found } = await jobs({
    '/etc/passwd': 'ann:x:1000:1000::/home/ann:/bin/sh\n',
    '/var/spool/cron/crontabs/ann':
      "PORT = '3000'\n@reboot cd /srv/app && exec /usr/bin/node server.js >> log 2>&1\n@reboot /usr/bin/nohup /srv/bin/worker --rate 5\\% & %x\n",
    '/etc/cron.d/once': '@reboot root /usr/local/bin/tidy\n*/5 * * * * root /srv/bin/never-a-service\n',
    '/usr/bin/node': executable(),
    '/srv/bin/worker': executable(),
    '/usr/local/bin/tidy': executable(),
  });
  t.deepEqual(
    found.services
      .filter(({ init }) => init === 'cron')
      .map(({ name, enabled, command, type, user, workingDirectory, environment }) => [
        name,
        enabled,
        command,
        type,
        user,
        workingDirectory,
        { ...environment },
      ]),
    [
      ['cron:/etc/cron.d/once:1', true, ['/usr/local/bin/tidy'], 'oneshot', 'root', null, {}],
      [
        'cron:/var/spool/cron/crontabs/ann:2',
        true,
        ['/usr/bin/node', 'server.js'],
        'simple',
        'ann',
        '/srv/app',
        { PORT: '3000' },
      ],
      [
        'cron:/var/spool/cron/crontabs/ann:3',
        true,
        ['/srv/bin/worker', '--rate', '5%'],
        'simple',
        'ann',
        '/home/ann',
        { PORT: '3000' },
      ],
    ],
  );
});
