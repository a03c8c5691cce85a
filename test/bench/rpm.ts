/**
 * Time and memory of reading an rpm database of thousands of packages, against rpm itself listing as much of it:
 *
 *     npx tsx test/bench/rpm.ts [PACKAGES]
 *
 * The headers are those of a real CentOS 7 beside the checkout, as often as it takes, in SQLite.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headerRecords } from '../../src/inspect/packages/rpm/database/container.js';
import { inMemory } from '../../src/model/random-access.js';
import { compare, measure } from './measure.js';

const wanted = Number(process.argv[2] ?? 2000);
const sample = new URL('../../../shared/guests/rpm-rebuilt/centos7-httpd24/Packages.xz', import.meta.url).pathname;

/** Headers come with their lengths before them. */
const MAKE_DATABASE = `
import sqlite3, struct, sys
database = sqlite3.connect(sys.argv[2])
with open(sys.argv[1], 'rb') as headers:
    while length := headers.read(4):
        database.execute('INSERT INTO Packages (blob) VALUES (?)', (headers.read(struct.unpack('>I', length)[0]),))
database.commit()
`;

const root = await mkdtemp(join(tmpdir(), 'bench-rpm-'));
try {
  const place = join(root, 'var/lib/rpm');
  await mkdir(place, { recursive: true });
  await writeFile(join(root, 'headers'), Buffer.concat(headersOf(wanted)));
  execFileSync('rpm', ['--dbpath', place, '--initdb']);
  execFileSync('python3', ['-c', MAKE_DATABASE, join(root, 'headers'), join(place, 'rpmdb.sqlite')]);
  const reader = new URL('rpm-reader.ts', import.meta.url).pathname;
  const ours = await measure('this reader', [process.execPath, '--import', 'tsx', reader, root]);
  const query =
    '%{NAME} %{EPOCH} %{VERSION}[%{REQUIRENAME} %{REQUIREVERSION}][%{FILENAMES} %{FILEDIGESTS} %{FILEMODES}]\\n';
  const peer = await measure('rpm -qa', ['rpm', '--dbpath', place, '-qa', '--qf', query]);
  const { size } = await stat(join(place, 'rpmdb.sqlite'));
  process.stdout.write(`${wanted} packages, ${(size / 2 ** 20).toFixed(0)} MiB\n${compare(ours, peer, 2)}\n`);
} finally {
  await rm(root, { recursive: true });
}

function headersOf(count: number): Buffer[] {
  const content = inMemory(execFileSync('xz', ['-dc', sample], { maxBuffer: 2 ** 28 }));
  const blobs = [...headerRecords('bdb', content, undefined, () => {})].map(({ blob }) => blob);
  return Array.from({ length: count }, (_, number) => blobs[number % blobs.length]!).flatMap((blob) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(blob.length);
    return [length, blob];
  });
}
