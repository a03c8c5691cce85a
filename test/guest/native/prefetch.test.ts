import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { command, emptyImage, mounted, openImages, whyNoMount } from './images.js';

const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;
const COUNT = 1500;

function manyFiles(name: string): string {
  const image = emptyImage(name, 64 * 2 ** 20);
  command('mkfs.ext4', '-q', '-F', image);
  mounted(image, '', (folder) => {
    for (const each of ['etc', 'usr', 'opt']) mkdirSync(join(folder, each));
    writeFileSync(join(folder, 'etc/passwd'), 'x');
    writeFileSync(join(folder, 'opt/alone'), 'not fetched ahead');
    for (let index = 0; index < COUNT; index += 1) writeFileSync(join(folder, `usr/${index}`), `file ${index}`);
  });
  return image;
}

check(`files that are fetched ahead and files that are not may be read in any order${why}`, async (t) => {
  const guest = await openImages([manyFiles('prefetch')]);
  t.teardown(guest.close);
  await guest.fs.prefetch(['/usr', '/nowhere', '/usr/7', '/etc/passwd']);
  const read = async (path: string): Promise<string> => (await guest.fs.readFile(path)).toString();
  const numbers = Array.from({ length: COUNT }, (_, index) => COUNT - 1 - index);
  const [alone, ...contents] = await Promise.all([
    read('/opt/alone'),
    ...numbers.map((number) => read(`/usr/${number}`)),
  ]);
  t.is(alone, 'not fetched ahead');
  t.deepEqual(
    contents,
    numbers.map((number) => `file ${number}`),
  );
  let seen = 0;
  await guest.fs.prefetch(['/opt']);
  await guest.fs.stream(async () => {
    seen += 1;
  });
  t.is(seen, guest.fs.entryCount);
});

check(`whoever reads a file that could not be fetched ahead is told, and nobody else${why}`, async (t) => {
  const guest = await openImages([manyFiles('prefetch-closed')]);
  await guest.fs.prefetch(['/usr', '/etc']);
  await guest.close();
  await t.throwsAsync(guest.fs.readFile(`/usr/${COUNT - 1}`), { code: 'guest-read-failed' });
  await t.throwsAsync(guest.fs.readFile('/opt/alone'), { code: 'guest-read-failed' });
});
