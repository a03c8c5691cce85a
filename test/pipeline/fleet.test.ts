import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { silentProgress } from '../../src/model/progress.js';
import { convert } from '../../src/pipeline/convert.js';
import { size } from '../../src/pipeline/size.js';
import { DEFAULT_OPTIONS } from '../plan/machine.js';

/** Several machines in one run, each a small root in a folder. */

const context = { progress: silentProgress, signal: new AbortController().signal };
const scratch = mkdtempSync(join(tmpdir(), 'fleet-'));
test.after.always(() => rmSync(scratch, { recursive: true, force: true }));

function root(place: string, files: Readonly<Record<string, string>>): string {
  const folder = join(scratch, place);
  const all = {
    'usr/bin/tool': 'tool',
    'etc/os-release': 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    'var/lib/dpkg/info/tool.list': '/.\n/usr\n/usr/bin\n/usr/bin/tool\n',
    'var/lib/dpkg/status':
      'Package: tool\nStatus: install ok installed\nVersion: 1-1\nArchitecture: amd64\nMaintainer: x <x@example.org>\nDescription: x\n',
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  for (const path of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
    utimesSync(join(folder, path), 1_700_000_000, 1_700_000_000);
  }
  return folder;
}

const SHARED = 'x'.repeat(200_000);
const MACHINES = [
  root('one/web', { 'srv/app': SHARED, 'etc/hostname': 'one' }),
  root('two/web', { 'srv/app': SHARED, 'etc/hostname': 'two' }),
  root('db', { 'srv/app': SHARED, 'etc/hostname': 'db' }),
];

function requestOf(machines: readonly string[], output: string, jobs: number) {
  return {
    machines,
    output: join(scratch, output),
    allowDirs: [],
    root: null,
    keys: [],
    reader: 'native' as const,
    quick: false,
    hash: false,
    keep: new Set<never>(),
    include: [],
    exclude: [],
    jobs,
    showSecrets: false,
    plan: { ...DEFAULT_OPTIONS, baseImage: 'scratch', packages: 'disk' as const },
    options: {},
    engine: 'none' as const,
    verify: false,
    strictTimes: false,
    fresh: false,
    push: null,
    allowSecrets: false,
  };
}

/** Every file with its bytes; of the report all but `run`. */
function bytesOf(output: string): Map<string, string> {
  const folder = join(scratch, output);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
  return new Map(
    files.map((name) => {
      const text = readFileSync(join(folder, name), 'latin1');
      return [name, name === 'report.json' ? JSON.stringify({ ...JSON.parse(text), run: null }) : text];
    }),
  );
}

test.serial('the order of machines and the number of jobs change no byte, names that clash included', async (t) => {
  await convert(requestOf(MACHINES, 'in-order', 1), context);
  await convert(requestOf([...MACHINES].reverse(), 'reversed', 3), context);
  t.deepEqual(bytesOf('reversed'), bytesOf('in-order'));
  t.deepEqual(readdirSync(join(scratch, 'in-order/vms')).sort(), ['db', 'web', 'web-2']);
});

test.serial('clones store what they share once', async (t) => {
  await convert(requestOf(MACHINES, 'clones', 2), context);
  const holders = [...bytesOf('clones')].filter(([name, text]) => name.endsWith('.tar') && text.includes(SHARED));
  t.deepEqual(
    holders.map(([name]) => name.replace(/[0-9a-f]{12}/, 'ID')),
    ['layers/debian-12-amd64-files-ID/files.tar'],
  );
});

test.serial('a machine that fails is listed with its reason, and the others are done', async (t) => {
  const outcome = await convert(requestOf([join(scratch, 'absent'), MACHINES[2]!], 'survived', 2), context);
  const report = outcome.report as { vms: { name: string }[]; failures: { argument: string; code: string }[] };
  t.deepEqual(
    report.vms.map(({ name }) => name),
    ['db'],
  );
  t.like(report.failures, [{ argument: join(scratch, 'absent'), code: 'input-missing' }]);
  t.is(outcome.failures.length, 1);
});

test.serial('when every machine fails the run fails', async (t) => {
  const absent = [join(scratch, 'absent'), join(scratch, 'gone')];
  await t.throwsAsync(size(requestOf(absent, 'none', 2), context), { code: 'input-missing' });
});

test.serial('sizing predicts the archives that a conversion writes', async (t) => {
  const { plan } = await size(requestOf(MACHINES, 'sized', 2), context);
  await convert(requestOf(MACHINES, 'built', 2), context);
  const archives = [...bytesOf('built')].filter(([name]) => name.endsWith('.tar'));
  // One that would be empty names the root, of which engines make nothing: the base, since no package is in it.
  const rootAlone = 3 * 512;
  t.is(
    plan.groups[0]!.stored.tree,
    archives.reduce((sum, [, { length }]) => sum + (length === rootAlone ? 1024 : length), 0),
  );
});
