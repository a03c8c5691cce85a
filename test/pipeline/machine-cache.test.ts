import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { silentProgress } from '../../src/model/progress.js';
import { size } from '../../src/pipeline/size.js';
import { DEFAULT_OPTIONS } from '../plan/machine.js';

const scratch = mkdtempSync(join(tmpdir(), 'machine-cache-'));
const archive = join(scratch, 'web.tar');
const cacheFolder = join(scratch, 'cache/vm2docker-image');
process.env.XDG_CACHE_HOME = join(scratch, 'cache');
test.after.always(() => rmSync(scratch, { recursive: true, force: true }));
test.beforeEach(() => {
  rmSync(cacheFolder, { recursive: true, force: true });
  writeRoot('one');
});

function writeRoot(hostname: string): void {
  const root = join(scratch, 'root');
  for (const folder of ['etc', 'usr/bin', 'var/lib']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n');
  writeFileSync(join(root, 'etc/hostname'), hostname);
  writeFileSync(join(root, 'data'), 'x'.repeat(10_000));
  execFileSync('tar', ['-C', root, '--mtime=@1700000000', '-cf', archive, '.']);
}

/** Sizes the machine; whether the disk was read for it. */
async function run(more: Readonly<Record<string, unknown>> = {}): Promise<{ report: string; wasRead: boolean }> {
  const steps: string[] = [];
  const { report } = await size(
    {
      machines: [archive],
      allowDirs: [],
      root: null,
      keys: [],
      reader: 'native',
      quick: false,
      hash: false,
      keep: new Set(),
      include: [],
      exclude: [],
      cache: true,
      showSecrets: false,
      plan: { ...DEFAULT_OPTIONS, baseImage: 'scratch', packages: 'disk' },
      options: {},
      ...more,
    },
    { progress: { ...silentProgress, step: (_, title) => steps.push(title) }, signal: new AbortController().signal },
  );
  return { report: JSON.stringify({ ...report, run: null }), wasRead: steps.includes('reading content') };
}

test.serial('an unchanged disk is read once, and what is known of it is the same to the byte', async (t) => {
  const first = await run();
  const second = await run();
  t.deepEqual([first.wasRead, second.wasRead], [true, false]);
  t.is(second.report, first.report);
});

test.serial('a disk that was written to is read again', async (t) => {
  await run();
  writeRoot('other');
  t.true((await run()).wasRead);
});

test.serial('a disk of the same size and time but other content is read again', async (t) => {
  await run({ check: true });
  const { atime, mtime } = statSync(archive);
  writeRoot('two');
  utimesSync(archive, atime, mtime);
  t.true((await run({ check: true })).wasRead);
});

test.serial('options that change what is read have entries of their own', async (t) => {
  await run();
  t.true((await run({ exclude: ['/data'] })).wasRead);
  t.false((await run({ jobs: 3, plan: DEFAULT_OPTIONS })).wasRead);
});

test.serial('without leave nothing is kept and nothing is used', async (t) => {
  await run({ cache: false });
  t.throws(() => readdirSync(cacheFolder));
  await run();
  t.true((await run({ cache: false })).wasRead);
});

test.serial('of encrypted machines nothing is kept', async (t) => {
  await run({ keys: [{ device: 'all', secret: Buffer.from('x') }] });
  t.throws(() => readdirSync(cacheFolder));
});

test.serial('damaged entries are read around and replaced', async (t) => {
  const { report } = await run();
  const [entry] = readdirSync(cacheFolder);
  writeFileSync(join(cacheFolder, entry!), 'damaged');
  const again = await run();
  t.true(again.wasRead);
  t.is(again.report, report);
  t.false((await run()).wasRead);
});

test.serial('entries are the user’s alone, and a folder that others may look into is not used', async (t) => {
  await run();
  const [entry] = readdirSync(cacheFolder);
  t.is(statSync(cacheFolder).mode & 0o777, 0o700);
  t.is(statSync(join(cacheFolder, entry!)).mode & 0o777, 0o600);
  chmodSync(cacheFolder, 0o755);
  t.true((await run()).wasRead);
});
