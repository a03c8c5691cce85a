import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { DigestAlgorithm } from '../../../src/model/packages.js';
import { command, emptyImage, mounted, openImages, whyNoMount } from './images.js';

const check = whyNoMount === null ? test : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;
const MIB = 2 ** 20;
const ASKED: ReadonlySet<DigestAlgorithm> = new Set(['md5', 'sha1']);
const NOTHING: ReadonlySet<DigestAlgorithm> = new Set();

/** Not the same in any two pieces of it. */
function noise(bytes: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: bytes / 4 }, (_, index) => (index * 2654435761) >>> 0).buffer);
}

check(`the reader computes the digests that are asked of a file's content, holes as zeros${why}`, async (t) => {
  const image = emptyImage('digests', 64 * MIB);
  command('mkfs.ext4', '-q', '-F', image);
  const expected = mounted(image, '', (folder) => {
    for (const name of ['etc', 'usr']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'etc/passwd'), 'x');
    writeFileSync(join(folder, 'usr/empty'), '');
    writeFileSync(join(folder, 'usr/three-batches'), noise(5 * MIB));
    linkSync(join(folder, 'usr/three-batches'), join(folder, 'usr/z-other-name'));
    writeFileSync(join(folder, 'usr/hole-at-the-end'), 'begin');
    truncateSync(join(folder, 'usr/hole-at-the-end'), 3 * MIB + 7);
    command('dd', 'if=/dev/zero', `of=${folder}/usr/hollow`, 'bs=1', 'count=1', `seek=${40 * MIB}`, 'status=none');
    writeFileSync(join(folder, 'usr/not-asked'), 'y');
    const names = ['etc/passwd', 'usr/empty', 'usr/three-batches', 'usr/hole-at-the-end', 'usr/hollow'];
    return names.map((name) => {
      const content = readFileSync(join(folder, name));
      const hex = (algorithm: string): string => createHash(algorithm).update(content).digest('hex');
      return [`/${name}`, { md5: hex('md5'), sha1: hex('sha1') }] as const;
    });
  });
  const guest = await openImages([image]);
  t.teardown(guest.close);
  const found = new Map<string, unknown>();
  await guest.fs.stream(
    async ({ entry, content, digests }) => {
      for await (const _ of content ?? []) {
        // consumed
      }
      if (digests !== undefined) found.set(entry.path, Object.fromEntries(digests()));
    },
    undefined,
    ({ path }) => (path === '/usr/not-asked' ? NOTHING : ASKED),
  );
  t.deepEqual(Object.fromEntries(found), Object.fromEntries(expected));
});

check(`digests of a file of endless zeros are left to who asks, since the reader would be silent${why}`, async (t) => {
  const image = emptyImage('digests-hollow', 64 * MIB);
  command('mkfs.ext4', '-q', '-F', image);
  mounted(image, '', (folder) => {
    command('sh', '-ec', `cd ${folder}; mkdir etc usr; echo x > etc/passwd; truncate -s 1T usr/giant`);
  });
  const guest = await openImages([image]);
  t.teardown(guest.close);
  const computed: string[] = [];
  await guest.fs.stream(
    async ({ entry, digests }) => {
      if (digests !== undefined) computed.push(entry.path);
    },
    undefined,
    () => ASKED,
  );
  t.deepEqual(computed, ['/etc/passwd']);
});
