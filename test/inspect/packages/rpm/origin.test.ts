import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { issuerOf } from '../../../../src/inspect/packages/rpm/header/signature.js';
import { TAG } from '../../../../src/inspect/packages/rpm/header/tags.js';
import { inspectRpm } from '../../../../src/inspect/packages/rpm/inspect.js';
import { type PackageSketch, packageHeader } from './builders/header.js';
import { ndb } from './builders/ndb.js';
import { sample, sampleTest } from './samples.js';

/** A version 4 signature packet of the old format whose only subpacket names the issuer. */
function signature(keyId: string): Buffer {
  const body = Buffer.concat([
    Buffer.from([4, 0, 1, 8, 0, 0, 0, 10, 9, 16]),
    Buffer.from(keyId, 'hex'),
    Buffer.from([0xaa, 0xbb]),
  ]);
  return Buffer.concat([Buffer.from([0x89, 0, body.length]), body]);
}

const CORE_KEY = '24c6a8a7f4a80eb5';
const signed = (sketch: PackageSketch, key: string) =>
  packageHeader({ ...sketch, more: [...(sketch.more ?? []), [TAG.rsaHeader, signature(key)]] });
const key = (id: string, owner: string) =>
  packageHeader({ name: 'gpg-pubkey', version: id, release: '1', more: [[TAG.summary, `gpg(${owner})`]] });

async function origins(headers: readonly Buffer[], nodes: Record<string, MemoryNode> = {}) {
  const database = await inspectRpm(memoryGuest({ '/var/lib/rpm/Packages.db': ndb(headers), ...nodes }));
  return Object.fromEntries(database.packages.map(({ name, origin }) => [name, `${origin.kind} ${origin.confidence}`]));
}

test('the issuer is read from signatures of version 3 and 4, old and new packet format', (t) => {
  t.is(issuerOf(signature(CORE_KEY)), CORE_KEY);
  const body = signature(CORE_KEY).subarray(3);
  t.is(issuerOf(Buffer.concat([Buffer.from([0xc2, body.length]), body])), CORE_KEY);
  const old = Buffer.concat([
    Buffer.from([0x88, 21, 3, 5, 0, 0, 0, 0, 0]),
    Buffer.from(CORE_KEY, 'hex'),
    Buffer.alloc(6),
  ]);
  t.is(issuerOf(old), CORE_KEY);
  t.is(issuerOf(Buffer.from([0x89, 0])), undefined);
});

test('the key decides before the vendor', async (t) => {
  const found = await origins([
    signed({ name: 'glibc', vendor: 'CentOS' }, CORE_KEY),
    signed({ name: 'bash', vendor: 'CentOS' }, CORE_KEY),
    signed({ name: 'epel-release', vendor: 'Fedora Project' }, CORE_KEY),
    signed({ name: 'htop', vendor: 'Fedora Project' }, '6a2faea2352c64e5'),
    signed({ name: 'httpd24', vendor: 'CentOS' }, '4eb84e71f2ee9d55'),
    packageHeader({ name: 'ours' }),
    key('f4a80eb5', 'CentOS-7 Key (CentOS 7 Official Signing Key) <security@centos.org>'),
    key('352c64e5', 'Fedora EPEL (7) <epel@fedoraproject.org>'),
    key('f2ee9d55', 'CentOS SoftwareCollections SIG <security@centos.org>'),
  ]);
  t.deepEqual(found, {
    bash: 'distribution certain',
    'epel-release': 'distribution certain',
    glibc: 'distribution certain',
    htop: 'third-party certain',
    httpd24: 'third-party certain',
    ours: 'local likely',
  });
});

test('another key of the same builder is the distribution after a change of keys', async (t) => {
  const found = await origins([
    signed({ name: 'glibc', vendor: 'Fedora Project' }, '999f7cbf38ab71f4'),
    signed({ name: 'left-over', vendor: 'Fedora Project' }, 'f55ad3fb5323552a'),
  ]);
  t.is(found['left-over'], 'distribution likely');
});

test('a system that signs nothing is told apart by vendor and repository', async (t) => {
  const found = await origins(
    [
      packageHeader({ name: 'glibc', vendor: 'Microsoft' }),
      packageHeader({ name: 'app', vendor: 'ACME' }),
      packageHeader({ name: 'bare' }),
      packageHeader({ name: 'file' }),
    ],
    {
      '/usr/lib/sysimage/libdnf5/packages.toml': '[packages]\n"file.x86_64" = {reason="User"}\n',
      '/usr/lib/sysimage/libdnf5/nevras.toml': '[nevras]\n"file-1.0-1.x86_64" = {from_repo="@commandline"}\n',
    },
  );
  t.deepEqual(found, {
    app: 'third-party guess',
    bare: 'unknown guess',
    file: 'local certain',
    glibc: 'distribution likely',
  });
});

sampleTest(
  'on a real CentOS 7 with software collections the nine packages of others are found by their keys',
  async (t) => {
    const { packages } = await inspectRpm(
      memoryGuest({ '/var/lib/rpm/Packages': sample('rpm-rebuilt/centos7-httpd24/Packages.xz') }),
    );
    const others = packages.filter(({ origin }) => origin.kind !== 'distribution');
    t.is(others.length, 9);
    t.true(others.every(({ origin }) => /EPEL|SIG/.test(origin.vendor ?? '')));
  },
);
