import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import { DockerfileParser } from 'dockerfile-ast';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { InspectedMachine } from '../../../src/model/inspected.js';
import { HOSTILE_TEXTS } from '../hostile.js';
import { machineWith, outputOf, portOf, serviceOf } from './services.js';

interface Compose {
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it, it says itself
  readonly services: Record<string, Record<string, any>>;
  readonly volumes?: Record<string, unknown>;
}

function composeOf(machine: InspectedMachine, options = {}): Compose {
  return parse(outputOf([machine], options).get('vms/web/compose.yaml')!, { version: '1.1' });
}

const HOLDER_ONLY = ['ports', 'hostname', 'dns', 'extra_hosts'];
const SHOP = machineWith(
  [
    serviceOf('shop.service', {
      user: 'app',
      group: 'app',
      ports: [portOf(80), portOf(9000, '127.0.0.1')],
      after: ['db.service'],
      listens: ['/run/shop/s.sock'],
      directories: [{ path: '/run/shop', mode: 0o750 }],
    }),
    serviceOf('db.service', {
      ports: [portOf(5432, '::1'), portOf(53, '0.0.0.0', 'udp')],
      after: ['shop.service'],
      limits: { memory: 10_000_000, cpus: 0.5, openFiles: 99, tasks: 7 },
      restart: 'on-failure',
    }),
    serviceOf('ssh.service', { role: 'system', reason: 'the administrator decides', ports: [portOf(22)] }),
    serviceOf('off.service', { enabled: false }),
  ],
  { files: { '/srv/data/x': 'x' }, data: ['/srv/data'], hardware: { cpus: 2, memory: 4_000_000 } },
);

test('the holder alone carries ports and names, and mounts every volume; the others live in its network', (t) => {
  const { services, volumes } = composeOf(SHOP);
  t.deepEqual(Object.keys(services), ['web-net', 'db', 'shop']);
  const holder = services['web-net']!;
  t.deepEqual(holder.ports, ['53:53/udp', '80:80']);
  t.is(holder.hostname, 'box');
  t.deepEqual(holder.extra_hosts, ['db:10.0.0.9', 'db.example.org:10.0.0.9']);
  t.is(holder.restart, 'always');
  t.deepEqual(
    holder.volumes.map(({ target }: { target: string }) => target),
    ['/run/shop', '/srv/data'],
  );
  t.deepEqual(Object.keys(volumes!), ['run-shop', 'srv-data']);
  for (const name of ['db', 'shop']) {
    const member = services[name]!;
    for (const key of HOLDER_ONLY) t.false(key in member, `${name} has ${key}`);
    t.is(member.network_mode, 'service:web-net');
    t.true('web-net' in member.depends_on);
    t.true(member.init);
    t.deepEqual(member.volumes, holder.volumes);
  }
});

test('limits come from the unit, or the machine is the ceiling', (t) => {
  const { db, shop } = composeOf(SHOP).services;
  t.like(db!, { mem_limit: '10000000b', cpus: 0.5, pids_limit: 7, ulimits: { nofile: 99 }, restart: 'on-failure' });
  t.like(shop!, { mem_limit: '4000000b', cpus: 2, restart: 'no' });
});

test('limits that an engine may refuse are moved to what it takes or left out, and said', (t) => {
  const machine = machineWith([serviceOf('a', { limits: { memory: 1000, openFiles: 1_073_741_816 } })]);
  const { a } = composeOf(machine).services;
  t.is(a!.mem_limit, '6291456b');
  t.false('ulimits' in a!);
  const text = outputOf([machine]).get('vms/web/compose.yaml')!;
  t.regex(text, /# .*1000 bytes of memory/);
  t.regex(text, /# .*1073741816 open files/);
});

test('services that wait for each other do not make a circle', (t) => {
  const { db, shop } = composeOf(SHOP).services;
  t.is(Number('shop' in db!.depends_on) + Number('db' in shop!.depends_on), 1);
});

test('who starts after a group of instances starts after each of them', (t) => {
  const names = ['db@1.service', 'db@2.service', 'dbx.service'];
  const machine = machineWith([
    serviceOf('a.service', { after: ['db.service', 'gone.service'] }),
    ...names.map((name) => serviceOf(name)),
  ]);
  t.deepEqual(Object.keys(composeOf(machine).services.a!.depends_on), ['web-net', 'db-1', 'db-2']);
});

test('a health check asks for the port in the tables of the kernel, in its protocol', (t) => {
  const { db, shop } = composeOf(SHOP).services;
  t.regex(shop!.healthcheck.test.join(' '), /:0050 .* 0A .*\/proc\/net\/tcp/);
  t.regex(db!.healthcheck.test.join(' '), /:1538 .* 0A /);
});

test('system services are listed with their reason, and become containers when asked for', (t) => {
  const text = outputOf([SHOP]).get('vms/web/compose.yaml')!;
  t.regex(text, /# +the administrator decides: ssh\.service/);
  t.regex(text, /# +not started here: a boot does not start it: off\.service/);
  t.true('ssh' in composeOf(SHOP, { includeServices: ['ssh'] }).services);
});

test('a unit of the holder is not mistaken for it, and images of machines keep their names', (t) => {
  const machines = [
    machineWith([serviceOf('net.service')]),
    machineWith([serviceOf('app.service')], { name: 'web-net-2' }),
  ];
  const compose = parse(outputOf(machines).get('vms/web/compose.yaml')!);
  t.deepEqual(Object.keys(compose.services), ['web-net', 'net-3']);
});

test('build.sh builds every image that compose.yaml names, on the machine’s own', (t) => {
  const output = outputOf([SHOP]);
  const script = output.get('build.sh')!;
  const built = new Map([...script.matchAll(/^build (\S+) (\S+)$/gm)].map((match) => [match[1]!, match[2]!]));
  for (const { image } of Object.values(composeOf(SHOP).services)) {
    const folder = built.get(image)!;
    t.regex(output.get(`${folder}/Dockerfile`)!, /^FROM vm2docker\/web$/m);
    t.true([...built.keys()].indexOf(image) > [...built.keys()].indexOf('vm2docker/web'));
  }
});

test('all images of a machine make the same folders below /run, owned as they are', (t) => {
  const output = outputOf([SHOP]);
  const runs = ['net', 'db', 'shop'].map(
    (name) => /RUN [\s\S]*?[^\\]\n/.exec(output.get(`vms/web/services/${name}/Dockerfile`)!)![0],
  );
  t.is(new Set(runs).size, 1);
  t.regex(runs[0]!, /mkdir -p \/run\/shop; \\\n +chown app:app \/run\/shop; \\\n +chmod 0750 \/run\/shop/);
});

test('a folder of a pid file is made, and no volume', (t) => {
  const machine = machineWith([serviceOf('a', { user: 'app', command: ['/usr/bin/app', '--pid=/var/run/a/x.pid'] })], {
    files: { '/var/run': { target: '/run' } },
  });
  t.regex(outputOf([machine]).get('vms/web/services/a/Dockerfile')!, /mkdir -p \/run\/a; \\\n +chown app:app \/run\/a/);
  t.is(composeOf(machine).volumes, undefined);
});

test('a pid file belongs to the account that the program is told to change to', (t) => {
  const machine = machineWith([serviceOf('a', { command: ['/usr/bin/app', '-k', '/run/a/x.pid', '-u', 'app'] })]);
  t.regex(outputOf([machine]).get('vms/web/services/a/Dockerfile')!, /chown app:app \/run\/a/);
});

test('what is prepared as root is done before the user changes, and the program keeps its words', (t) => {
  const machine = machineWith([
    serviceOf('a.service', {
      user: 'app',
      command: ['/usr/bin/app', '$HOME `x` "y"'],
      prepare: [
        { command: ['/usr/bin/install', '-d', "/run/it's"], privileged: true, mayFail: true },
        { command: ['/bin/systemctl', 'start', 'x'], privileged: true, mayFail: true },
        { command: ['/usr/bin/check'], privileged: false, mayFail: true },
      ],
    }),
  ]);
  const { a } = composeOf(machine).services;
  t.false('user' in a!);
  const [shell, flag, script, , ...program] = a!.command.map((word: string) => word.replaceAll('$$', '$'));
  t.deepEqual([shell, flag], ['/usr/bin/sh', '-c']);
  t.deepEqual(program, ['/usr/bin/app', '$HOME `x` "y"']);
  t.notRegex(script, /systemctl/);
  t.is(spawnSync('sh', ['-n', '-c', script]).status, 0);
  t.regex(script, /setpriv --reuid=app --regid=app --init-groups -- \/usr\/bin\/check/);
  t.regex(script, /\nexec \/usr\/bin\/setpriv --reuid=app --regid=app --init-groups -- "\$@"$/);
});

test('as with systemd a preparation that fails ends the start, unless it may fail', (t) => {
  const step = (text: string, mayFail: boolean) => ({ command: ['/bin/sh', '-c', text], privileged: true, mayFail });
  const outcome = (...prepare: ReturnType<typeof step>[]) => {
    const machine = machineWith([serviceOf('a', { command: ['/bin/echo', 'ran'], prepare })]);
    const [, ...words] = composeOf(machine).services.a!.command.map((word: string) => word.replaceAll('$$', '$'));
    const { status, stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8' });
    return { status, stdout, says: stderr.includes('preparation failed') };
  };
  t.deepEqual(outcome(step('exit 7', true), step('true', false)), { status: 0, stdout: 'ran\n', says: true });
  t.deepEqual(outcome(step('true', false), step('exit 7', false)), { status: 1, stdout: '', says: true });
});

const DYNAMIC = serviceOf('a.service', {
  user: 'made-up',
  dynamicUser: true,
  directories: [
    { path: '/var/lib/a', mode: 0o755 },
    { path: '/run/a', mode: 0o755 },
  ],
});

test('a dynamic user gets a number that its name decides, and folders of its own', (t) => {
  const other = serviceOf('b.service', { user: 'made-up-too', dynamicUser: true });
  const machine = machineWith([DYNAMIC, other]);
  const { a, b } = composeOf(machine).services;
  const [uid] = /^\d+(?=:\d+$)/.exec(a!.user)!;
  t.true(Number(uid) >= 61_184 && Number(uid) <= 65_519);
  t.not(a!.user, b!.user);
  t.is(composeOf(machineWith([other, DYNAMIC])).services.a!.user, a!.user);
  t.like(a!.environment, { USER: 'made-up', HOME: '/' });
  const dockerfile = outputOf([machine]).get('vms/web/services/a/Dockerfile')!;
  for (const path of ['/var/lib/a', '/run/a']) t.regex(dockerfile, new RegExp(`chown ${uid}:${uid} ${path}[;\\n]`));
  t.deepEqual(composeOf(machine).volumes, { 'var-lib-a': {} });
});

test('a dynamic user that ran before keeps the number of its folders, which are opened to it', (t) => {
  const machine = machineWith([DYNAMIC], {
    files: {
      '/var/lib/a': { target: 'private/a' },
      '/var/lib/private': { type: 'directory', mode: 0o700 },
      '/var/lib/private/a': { type: 'directory', uid: 62_000, gid: 62_000 },
    },
  });
  t.is(composeOf(machine).services.a!.user, '62000:62000');
  const dockerfile = outputOf([machine]).get('vms/web/services/a/Dockerfile')!;
  t.regex(dockerfile, /mkdir -p \/run\/a \/var\/lib\/private;/);
  t.regex(dockerfile, /chown 62000:62000 \/run\/a/);
});

test('capabilities are those of the unit, and ambient ones stay with another user', (t) => {
  const machine = machineWith([
    serviceOf('a', {
      user: 'app',
      privileges: { bounding: { only: ['CAP_NET_ADMIN'] }, ambient: ['CAP_NET_ADMIN'] },
      ports: [portOf(80)],
    }),
    serviceOf('b', { privileges: { bounding: { only: [] }, ambient: [] } }),
  ]);
  const { a, b, 'web-net': holder } = composeOf(machine).services;
  t.deepEqual(a!.cap_add, ['NET_ADMIN']);
  t.false('user' in a!);
  const change = ['--reuid=app', '--regid=app', '--init-groups', '--inh-caps=+net_admin', '--ambient-caps=+net_admin'];
  t.deepEqual(a!.command, ['/usr/bin/setpriv', ...change, '--', '/usr/bin/app']);
  t.deepEqual(b!.cap_drop, ['ALL']);
  t.deepEqual(holder!.sysctls, { 'net.ipv4.ip_unprivileged_port_start': 0 });
});

test('the loopback has IPv6 where a service listens on it', (t) => {
  const tablesOf = (address: string) =>
    composeOf(machineWith([serviceOf('a', { ports: [portOf(8080, address)] })])).services['web-net']!.sysctls;
  t.deepEqual(tablesOf('::1'), { 'net.ipv6.conf.all.disable_ipv6': 0 });
  t.is(tablesOf('::'), undefined);
  t.is(tablesOf('127.0.0.1'), undefined);
});

test('a signal that is none is in no file', (t) => {
  const stops = (stopSignal: string) =>
    composeOf(machineWith([serviceOf('a', { stopSignal })])).services.a!.stop_signal;
  t.deepEqual(['SIGFOO', '99', 'SIGQUIT', 'RTMIN+3', ' sigint'].map(stops), [
    undefined,
    undefined,
    'SIGQUIT',
    'RTMIN+3',
    'SIGINT',
  ]);
});

test('a user that is nowhere leaves a reason, not a container', (t) => {
  const output = outputOf([machineWith([serviceOf('a.service', { user: 'dynamic' })])]);
  t.false(output.has('vms/web/compose.yaml'));
});

const SECRET = machineWith([
  serviceOf('a.service', {
    command: [
      '/usr/bin/app',
      '--password',
      'hunter2secret',
      '--token=t0kenvalue',
      'pg://u:passw0rd@db/x',
      'uses-s3cretvalue',
    ],
    environment: { DB_PASSWORD: 's3cretvalue', PASSWORD_FILE: '/etc/secret', PLAIN: 'yes' },
    prepare: [
      { command: ['/bin/echo', "--password=it's", '--other=s3cretvalue'], privileged: true, mayFail: false },
      { command: ['/bin/echo', 'redis://:r3dispass@h'], privileged: true, mayFail: true },
    ],
  }),
]);
const SECRETS = ['hunter2secret', 't0kenvalue', 'passw0rd', 's3cretvalue', "it's", 'r3dispass'];

test('secrets are in no file, and each has a variable that the README names', (t) => {
  const output = outputOf([SECRET]);
  for (const [path, text] of output)
    for (const secret of SECRETS) t.false(text.includes(secret), `${secret} in ${path}`);
  const names = [...output.get('vms/web/.env')!.matchAll(/^([A-Z_0-9]+)=$/gm)].map((match) => match[1]!);
  t.is(names.length, 6);
  for (const name of names) {
    t.true(output.get('README.md')!.includes(name));
    t.true(output.get('vms/web/compose.yaml')!.includes(`\${${name}?`));
  }
  t.is(composeOf(SECRET).services.a!.environment.PASSWORD_FILE, '/etc/secret');
});

test('the shell of a preparation takes its secrets from the environment, whatever is in them', (t) => {
  const { command, environment } = composeOf(SECRET, { showSecrets: true }).services.a!;
  const words = command.slice(1).map((word: string) => word.replaceAll('$$', '$'));
  const script = words[1].replace(/exec "\$@"$/, 'exit');
  const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8', env: { ...process.env, ...environment } });
  t.is(stdout, "--password=it's --other=s3cretvalue\nredis://:r3dispass@h\n");
});

test('--show-secrets shows them, and asks for none', (t) => {
  const output = outputOf([SECRET], { showSecrets: true });
  t.false(output.has('vms/web/.env'));
  for (const secret of SECRETS) t.true(output.get('vms/web/compose.yaml')!.includes(secret));
});

function hostileServices(texts: readonly string[]): InspectedMachine {
  return machineWith(
    texts.map((text, index) =>
      serviceOf(`${text}@${index}.service`, {
        description: text,
        command: ['/usr/bin/app', text, `--x=${text}`],
        workingDirectory: `/srv/${text}`,
        environment: { [text]: text, A: text, no: text },
        after: texts.map((other, at) => `${other}@${at}.service`),
        ports: [{ ...portOf(1000 + index), evidence: { path: `/etc/${text}` } }],
        listens: [`/run/${text}/socket`],
        stopSignal: text,
        reason: text,
      }),
    ),
  );
}

function checkHostile(texts: readonly string[]): Map<string, string> {
  const output = outputOf([hostileServices(texts)]);
  const compose = parse(output.get('vms/web/compose.yaml')!, { version: '1.1' }) as Compose;
  for (const [name, service] of Object.entries(compose.services)) {
    if (!/^[a-zA-Z0-9._-]+$/.test(name)) throw new Error(`name ${name}`);
    if (name === 'web-net') continue;
    const index = Number(/(\d+)$/.exec(name)![1]);
    const text = texts[index]!;
    const words = service.command.map((word: string) => word.replaceAll('$$', '$'));
    if (!words.includes(text) && !/pass|token|:\/\//i.test(text))
      throw new Error(`the words of ${name} changed: ${JSON.stringify(words)}`);
    const dockerfile = output.get(`vms/web/services/${name}/Dockerfile`)!;
    checkDockerfile(dockerfile);
    const line = /^CMD (.*)$/m.exec(dockerfile)![1]!;
    if (JSON.stringify(JSON.parse(line)) !== JSON.stringify(words)) throw new Error(`CMD of ${name}`);
  }
  return output;
}

function checkDockerfile(text: string): void {
  const keywords = DockerfileParser.parse(text)
    .getInstructions()
    .map((each) => each.getKeyword());
  const order = ['FROM', 'RUN', 'ENV', 'WORKDIR', 'USER', 'EXPOSE', 'STOPSIGNAL', 'CMD'];
  const positions = keywords.map((keyword) => order.indexOf(keyword));
  if (positions.some((at, index) => at < 0 || at < (positions[index - 1] ?? 0)))
    throw new Error(`instructions ${keywords}`);
  if (
    keywords.filter((keyword) => keyword !== 'ENV').length !==
    new Set(keywords).size - Number(keywords.includes('ENV'))
  )
    throw new Error('repeated');
  if (/[^\n\x20-\x7e]/.test(text.replace(/^(?:#|ENV|WORKDIR).*$/gm, ''))) throw new Error('not ASCII');
}

test('hostile names, arguments and environments come through unchanged, or not at all', (t) => {
  t.notThrows(() =>
    checkHostile([...HOSTILE_TEXTS, 'e', '%n', "it's", '$' + '{HOME}', '$$', 'caf\u00e9 \u{1F600}', '\u0085\u2028x']),
  );
});

test('whatever the text, the files stay what they are', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 4 }),
      (texts) => {
        const usable = texts.filter((text) => text.isWellFormed() && !text.includes('\0'));
        if (usable.length > 0) checkHostile(usable);
      },
    ),
    { numRuns: 150 },
  );
  t.pass();
});

test('a command with bytes that are no text leaves a reason', (t) => {
  t.false(
    outputOf([machineWith([serviceOf('a.service', { command: ['/usr/bin/app', '\udcff'] })])]).has(
      'vms/web/compose.yaml',
    ),
  );
});

test('the same machine gives the same bytes', (t) => {
  t.deepEqual([...outputOf([hostileServices(HOSTILE_TEXTS)])], [...outputOf([hostileServices(HOSTILE_TEXTS)])]);
});

const schema = JSON.parse(readFileSync(new URL('../../../docs/report.schema.json', import.meta.url), 'utf8'));

test('the report is as its schema says, and gives the foreground form', (t) => {
  const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
  for (const machine of [SHOP, SECRET, machineWith([DYNAMIC]), hostileServices(HOSTILE_TEXTS)]) {
    const report = JSON.parse(outputOf([machine]).get('report.json')!);
    t.true(validate(report), JSON.stringify(validate.errors));
  }
  const nginx = machineWith([serviceOf('nginx.service', { type: 'forking', command: ['/usr/sbin/nginx'] })]);
  const [service] = JSON.parse(outputOf([nginx]).get('report.json')!).vms[0].services;
  t.deepEqual(service.command, ['/usr/sbin/nginx']);
  t.deepEqual(service.container, { command: ['/usr/sbin/nginx', '-g', 'daemon off;'] });
});

const hasCompose = spawnSync('docker-compose', ['version']).status === 0;
const withCompose = hasCompose ? test : test.skip;
withCompose(
  `docker-compose accepts and understands the files${hasCompose ? '' : ' (skipped: docker-compose is not installed)'}`,
  (t) => {
    for (const output of [
      outputOf([SHOP]),
      outputOf([SECRET]),
      checkHostile([...HOSTILE_TEXTS, 'e', '%n', "it's", '$' + '{HOME}', 'caf\u00e9 \u{1F600}']),
    ]) {
      const folder = mkdtempSync(join(tmpdir(), 'compose-'));
      try {
        for (const [path, text] of output) {
          if (!path.startsWith('vms/web/')) continue;
          const file = join(folder, path.slice('vms/web/'.length));
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, text);
        }
        const result = spawnSync('docker-compose', ['-f', 'compose.yaml', 'config'], { cwd: folder, encoding: 'utf8' });
        t.is(result.status, 0, result.stderr);
        t.notRegex(result.stderr, /WARN/i);
        const [ours, theirs] = [output.get('vms/web/compose.yaml')!, result.stdout].map((text) => parse(text).services);
        if (output.has('vms/web/.env')) continue;
        for (const name of Object.keys(ours)) {
          t.deepEqual(theirs[name].command, ours[name].command);
          t.deepEqual(theirs[name].environment, ours[name].environment);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  },
);
