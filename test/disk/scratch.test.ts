import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { createScratch } from '../../src/disk/scratch.js';
import type { AppError } from '../../src/errors.js';
import { temporaryFolder } from './sample.js';

test('a scratch folder is private, is made when it is needed, and goes when it is removed', async (t) => {
  const parent = await temporaryFolder(t);
  const scratch = createScratch(parent);
  t.deepEqual(await readdir(parent), []);
  t.is(await scratch.folder(), await scratch.folder());
  t.is((await readdir(parent)).length, 1);
  await scratch.remove();
  await scratch.remove();
  t.deepEqual(await readdir(parent), []);
});

test('more bytes than there are free is a failure that says where', async (t) => {
  const scratch = createScratch(await temporaryFolder(t));
  const error = await t.throwsAsync<AppError>(scratch.reserve(2 ** 60));
  t.is(error.code, 'disk-space');
  t.regex(error.todo, /TMPDIR/);
  await scratch.remove();
});

test('a scratch folder goes when its process is killed', async (t) => {
  const parent = await temporaryFolder(t);
  const module = fileURLToPath(new URL('../../src/disk/scratch.ts', import.meta.url));
  const program = `import(${JSON.stringify(module)}).then(async ({ createScratch }) => {
    process.stdout.write(await createScratch(${JSON.stringify(parent)}).folder());
    setInterval(() => {}, 1000);
  });`;
  const child = spawn(process.execPath, ['--import=tsx', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  t.is((await readdir(parent)).length, 1);
  child.kill('SIGKILL');
  for (let wait = 0; wait < 100 && (await readdir(parent)).length > 0; wait += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.deepEqual(await readdir(parent), []);
});
