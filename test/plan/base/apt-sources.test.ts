import test from 'ava';
import type { Archive, PackageDatabase } from '../../../src/model/packages.js';
import type { PlanOptions } from '../../../src/model/plan.js';
import { aptSources } from '../../../src/plan/base/apt-sources.js';
import { DEBIAN_12, DEFAULT_OPTIONS, machineOf } from '../machine.js';

const MIRROR = 'http://mirror.example.org/debian';
const RING = '/etc/apt/keyrings/mirror.gpg';

function archive(suite: string, more: Partial<Archive> = {}): Archive {
  const evidence = { path: '/etc/apt/sources.list', line: 1 };
  return { uri: MIRROR, suite, components: ['main'], signedBy: [], enabled: true, evidence, ...more };
}

function database(archives: readonly Archive[], more: Partial<PackageDatabase> = {}): PackageDatabase {
  return { ...machineOf({}).packages!, archives, ...more };
}

function sources(found: PackageDatabase, options: Partial<PlanOptions> = {}) {
  return aptSources(DEBIAN_12, found, { kind: 'bootstrap' }, { ...DEFAULT_OPTIONS, ...options });
}

test('a mirror of the release has its updates too; its security archive is apart', (t) => {
  const { lines, keys } = sources(database([archive('bookworm')]))!;
  t.deepEqual(lines.slice(0, 2), [`deb ${MIRROR} bookworm main`, `deb ${MIRROR} bookworm-updates main`]);
  t.regex(lines[2]!, /^deb http:\/\/[a-z.]+\/debian-security bookworm-security main$/);
  t.deepEqual(keys, []);
});

test("an archive is trusted as the machine trusts it, and signed by the machine's own keys", (t) => {
  const keyrings = new Map([
    [RING, Buffer.from('ring')],
    ['/etc/apt/trusted.gpg.d/old.asc', Buffer.from('old')],
  ]);
  const key = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n';
  const { lines, keys } = sources(
    database(
      [
        archive('bookworm', { signedBy: [RING, '/usr/share/keyrings/debian-archive-keyring.gpg'] }),
        archive('bookworm-updates', { key }),
        archive('bookworm-security', { trusted: true }),
      ],
      { keyrings },
    ),
  )!;
  t.deepEqual(lines, [
    `deb [signed-by=/tmp/vm2docker-ring-0.gpg] ${MIRROR} bookworm main`,
    `deb [signed-by=/tmp/vm2docker-key-0.asc] ${MIRROR} bookworm-updates main`,
    `deb [trusted=yes] ${MIRROR} bookworm-security main`,
  ]);
  t.deepEqual(
    keys.map(({ file, content, isTrusted }) => [file, content.toString(), isTrusted]),
    [
      ['vm2docker-ring-0.gpg', 'ring', false],
      ['vm2docker-key-0.asc', key, false],
      ['vm2docker-ring-1.asc', 'old', true],
    ],
  );
});

test('addresses with users, options or other transports are left to the public archive', (t) => {
  for (const uri of ['http://user:secret@mirror.example.org/debian', 'file:/srv/debian', 'http://x/ [trusted=yes]']) {
    const { lines } = sources(database([archive('bookworm', { uri, trusted: true })]))!;
    t.false(
      lines.some((line) => line.includes('secret') || line.includes('trusted') || line.includes('file:')),
      uri,
    );
  }
});

test('a snapshot is of the date given, or of the newest index of the machine; its files have expired', (t) => {
  const dated = database([archive('bookworm')], { archiveDate: '2024-05-06T07:08:09Z' });
  const [main, security] = sources(dated, { snapshot: 'auto' })!.lines;
  t.regex(main!, /^deb \[check-valid-until=no\] http:\/\/[a-z.]+\/archive\/debian\/20240506T070809Z bookworm main$/);
  t.regex(security!, /\/archive\/debian-security\/20240506T070809Z bookworm-security main$/);
  t.regex(sources(dated, { snapshot: '20230102' })!.lines[0]!, /\/20230102T000000Z /);
  t.regex(sources(dated, { snapshot: '2023-01-02T03:04:05Z' })!.lines[0]!, /\/20230102T030405Z /);
  // Without any index there is no date: then the living archives are asked.
  t.notRegex(sources(database([]), { snapshot: 'auto' })!.lines[0]!, /check-valid-until/);
});
