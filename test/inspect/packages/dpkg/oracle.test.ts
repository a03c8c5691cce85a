import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { inspectDpkg } from '../../../../src/inspect/packages/dpkg/inspect.js';
import { run } from '../../../../src/tools/run.js';

// dpkg itself, which every Debian host has, is asked about the same files.
const guests = fileURLToPath(new URL('../../../../../shared/guests', import.meta.url));
const hasDpkg = existsSync('/usr/bin/dpkg-query');
const skipReason = !hasDpkg ? 'dpkg-query is absent' : existsSync(guests) ? null : `${guests} is absent`;
const withFixtures = skipReason === null ? test : test.skip;
const why = skipReason === null ? '' : ` (skipped: ${skipReason})`;
const options = { timeoutMs: 60_000 };

async function installedByDpkg(root: string): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the language of dpkg-query, not ours.
  const format = '${db:Status-Status} ${Package} ${Version} ${Architecture}\\n';
  const { stdout } = await run('dpkg-query', [`--admindir=${root}/var/lib/dpkg`, '-W', '-f', format], options);
  return stdout
    .split('\n')
    .filter((line) => /^(?:installed|unpacked|half-configured|triggers-\w+) /.test(line))
    .map((line) => line.slice(line.indexOf(' ') + 1))
    .sort();
}

async function installedByUs(root: string): Promise<string[]> {
  const { packages } = await inspectDpkg(guestOf(root, '/var/lib/dpkg'), { archiveIndexes: false });
  return packages.map(({ name, version, architecture }) => `${name} ${version} ${architecture}`).sort();
}

withFixtures(`every status file gives the packages and versions that dpkg-query gives${why}`, async (t) => {
  let count = 0;
  for (const name of ['debian-11.status', 'debian-only.status', 'postgresql.status', 'ubuntu-10.04.status']) {
    await withFolder(async (root) => {
      mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true });
      writeFileSync(join(root, 'var/lib/dpkg/status'), readFileSync(join(guests, 'dpkg', name)));
      const expected = await installedByDpkg(root);
      t.true(expected.length > 0, name);
      t.deepEqual(await installedByUs(root), expected, name);
      count += expected.length;
    });
  }
  t.true(count > 200, `${count} packages`);
});

const systems =
  skipReason === null ? readdirSync(join(guests, 'guests')).filter((name) => /^(?:ubuntu|debian).*xz$/.test(name)) : [];

for (const name of systems) {
  withFixtures(`${name} gives the packages, files and marks that dpkg and apt give`, async (t) => {
    await withFolder(async (root) => {
      const { exitCode, stderr } = await run('tar', ['-C', root, '-xJf', join(guests, 'guests', name)], options);
      t.is(exitCode, 0, stderr);
      if (!existsSync(join(root, 'var/lib/dpkg/status'))) {
        t.log('the collection holds no dpkg database of this guest');
        t.is((await inspectDpkg(guestOf(root, '/var/lib/dpkg'), { archiveIndexes: false })).packages.length, 0);
        return;
      }
      // The collection lacks this file, without which dpkg does not look for the lists of `Multi-Arch: same`.
      const format = join(root, 'var/lib/dpkg/info/format');
      if (!existsSync(format)) writeFileSync(format, '1\n');
      t.deepEqual(await installedByUs(root), await installedByDpkg(root));
      const guest = guestOf(root, '/var/lib/dpkg', '/var/lib/apt');
      const { packages } = await inspectDpkg(guest, { archiveIndexes: false });
      const [sample] = packages.filter(({ files }) => files.length > 20).slice(-1);
      if (sample !== undefined) {
        const key = sample.multiArch === 'same' ? `${sample.name}:${sample.architecture}` : sample.name;
        const { stdout } = await run('dpkg-query', [`--admindir=${root}/var/lib/dpkg`, '-L', key], options);
        const listed = stdout.split('\n').filter((line) => line.startsWith('/') && line !== '/.');
        t.deepEqual([...sample.files].map(({ path }) => path).sort(), listed.sort());
      }
      if (existsSync(join(root, 'var/lib/apt/extended_states')) && existsSync('/usr/bin/apt-mark')) {
        const native = packages.find((item) => item.name === 'dpkg')!.architecture;
        const states = ['-o', `APT::Architecture=${native}`, '-o', `APT::Architectures::=${native}`];
        const places = ['-o', `Dir::State=${root}/var/lib/apt`, '-o', `Dir::State::status=${root}/var/lib/dpkg/status`];
        const caches = ['-o', `Dir::Cache=${root}/cache`, '-o', 'Dir::Etc=/nonexistent'];
        mkdirSync(join(root, 'var/lib/apt/lists/partial'), { recursive: true });
        const { stdout } = await run('apt-mark', [...states, ...places, ...caches, 'showmanual'], options);
        const manual = packages.filter((item) => item.auto !== true).map((item) => item.name);
        t.deepEqual([...new Set(manual)].sort(), stdout.trim().split('\n').sort());
      }
    });
  });
}

const onDebian = hasDpkg && existsSync('/var/lib/dpkg/status') ? test : test.skip;

onDebian('this host’s own database gives what dpkg-query and apt-mark give (needs a Debian host)', async (t) => {
  t.deepEqual(await installedByUs(''), await installedByDpkg(''));
  const { packages } = await inspectDpkg(guestOf('', '/var/lib/dpkg', '/var/lib/apt/extended_states'), {
    archiveIndexes: false,
  });
  const { stdout } = await run('apt-mark', ['showauto'], options);
  const auto = packages.filter((item) => item.auto === true).map((item) => item.name);
  t.deepEqual(
    auto.sort(),
    stdout
      .trim()
      .split('\n')
      .map((name) => name.split(':')[0]!)
      .filter((name) => name !== '')
      .sort(),
  );
});

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dpkg-oracle-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Regular files of these folders of an unpacked root. */
function guestOf(root: string, ...folders: string[]) {
  const nodes: Record<string, MemoryNode> = {};
  for (const folder of folders) {
    if (!existsSync(root + folder)) continue;
    if (!folder.endsWith('dpkg') && !folder.endsWith('apt')) nodes[folder] = readFileSync(root + folder);
    else {
      for (const item of readdirSync(root + folder, { recursive: true, withFileTypes: true })) {
        const path = join(item.parentPath, item.name);
        if (item.isFile()) nodes[path.slice(root.length)] = readFileSync(path);
      }
    }
  }
  return memoryGuest(nodes);
}
