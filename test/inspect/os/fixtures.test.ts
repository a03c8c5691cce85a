import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { identify } from '../../../src/inspect/os/identify.js';

// Thousands of real release files, read in place; they are not part of the repository.
const release = fileURLToPath(new URL('../../../../shared/guests/release', import.meta.url));
const withFixtures = existsSync(release) ? test : test.skip;
const why = existsSync(release) ? '' : ` (skipped: ${release} is absent)`;

withFixtures(`every collected os-release gives its ID and VERSION_ID${why}`, async (t) => {
  let count = 0;
  for (const path of filesBelow(join(release, 'which-distro'))) {
    const text = readFileSync(path, 'utf8');
    if (!/^ID=./m.test(text)) continue;
    const identity = await identify(memoryGuest({ '/etc/os-release': text }), []);
    t.is(
      identity?.id,
      field(text, 'ID')
        ?.toLowerCase()
        .replaceAll(/[^a-z0-9._-]+/g, '-'),
      path,
    );
    t.is(identity?.versionId ?? undefined, field(text, 'VERSION_ID') || undefined, path);
    count += 1;
  }
  t.true(count > 350, `${count} files`);
});

/** What os-release leaves to be wished: ansible's name of the distribution → the ID. */
const ANSIBLE_IDS: Readonly<Record<string, string>> = {
  Archlinux: 'arch',
  Amazon: 'amzn',
  RedHat: 'rhel',
  SLES: 'sles',
  SMGL: 'sourcemage',
  Ubuntu: 'ubuntu',
  CentOS: 'centos',
  Fedora: 'fedora',
  Debian: 'debian',
  AlmaLinux: 'almalinux',
  Rocky: 'rocky',
  Kali: 'kali',
  'Linux Mint': 'linuxmint',
  openEuler: 'openeuler',
  Virtuozzo: 'virtuozzo',
  EuroLinux: 'eurolinux',
};

withFixtures(`the facts ansible expects of its fixtures are found${why}`, async (t) => {
  let count = 0;
  for (const path of filesBelow(join(release, 'ansible')).filter((name) => name.endsWith('.json'))) {
    const fixture = JSON.parse(readFileSync(path, 'utf8')) as {
      input: Record<string, string>;
      result: Record<string, string>;
    };
    const inputs = Object.entries(fixture.input).filter(([name]) => name.startsWith('/etc') || name.startsWith('/usr'));
    if (inputs.length === 0 || '/etc/release' in fixture.input) continue;
    const identity = await identify(memoryGuest(Object.fromEntries(inputs)), []);
    t.truthy(identity?.id, path);
    const id = ANSIBLE_IDS[fixture.result.distribution!];
    if (id !== undefined) t.is(identity!.id, id, path);
    const version = fixture.result.distribution_version!;
    // ansible adds the point release of another file; ours is the VERSION_ID, its beginning.
    if (identity!.versionId !== null && /^\d/.test(version)) {
      const [short, long] = [identity!.versionId, version].sort((a, b) => a.length - b.length);
      t.true(long!.startsWith(short!), `${basename(path)}: ${identity!.versionId} against ${version}`);
    }
    count += 1;
  }
  t.true(count > 55, `${count} fixtures`);
});

const PYTHON_DISTRO: Readonly<Record<string, readonly [id: string, versionId: string | null]>> = {
  amazon2014: ['amzn', '2014.03'],
  arch: ['arch', null],
  centos5: ['centos', '5.11'],
  centos7: ['centos', '7'],
  cloudlinux5: ['cloudlinux', '5.11'],
  cloudlinux6: ['cloudlinux', '6.8'],
  debian8: ['debian', '8'],
  debian13: ['debian', '13'],
  fedora19: ['fedora', '19'],
  gentoo: ['gentoo', null],
  mageia5: ['mageia', '5'],
  mandriva2011: ['mandriva', '2011.0'],
  oracle7: ['ol', '7.5'],
  raspbian7: ['raspbian', '7'],
  rhel5: ['rhel', '5.11'],
  rhel6: ['rhel', '6.5'],
  scientific6: ['scientific', '6.4'],
  slackware14: ['slackware', '14.1'],
  sles12: ['sles', '12.1'],
  ubuntu14: ['ubuntu', '14.04'],
};

withFixtures(`whole /etc folders are identified, whichever release files they have${why}`, async (t) => {
  for (const name of readdirSync(join(release, 'python-distro'))) {
    const root = join(release, 'python-distro', name);
    if (!statSync(root).isDirectory()) continue;
    const identity = await identify(guestOf(root), []);
    t.truthy(identity?.id, name);
    const expected = PYTHON_DISTRO[name];
    if (expected !== undefined) t.deepEqual([identity!.id, identity!.versionId], [...expected], name);
  }
});

withFixtures(`a stripped system is identified by the one file it has left${why}`, async (t) => {
  const id = async (folder: string): Promise<string | undefined> => {
    const identity = await identify(guestOf(join(release, 'syft', folder)), []);
    return identity === null ? undefined : `${identity.id} ${identity.versionId}`;
  };
  t.is(await id('centos6'), 'centos 6');
  t.is(await id('centos5'), 'centos 5.7');
  t.is(await id('redhat/from-redhat-release'), 'rhel 8.10');
  t.is(await id('empty'), undefined);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name));
}

/** The folder as a guest; a file that holds only the name of its neighbour was a symbolic link in the collection. */
function guestOf(root: string) {
  const nodes: Record<string, MemoryNode> = {};
  for (const path of filesBelow(root)) {
    const text = readFileSync(path, 'utf8');
    const guestPath = path.slice(root.length);
    const isLink = text.length < 64 && !text.includes('\n') && existsSync(join(path, '..', text));
    nodes[guestPath] = isLink && text !== '' ? { target: text } : text;
  }
  return memoryGuest(nodes);
}

function field(text: string, name: string): string | undefined {
  const value = new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.trim();
  return value?.replace(/\s+#.*$/, '').replace(/^(["'])(.*)\1$/, '$2');
}
