import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createOutputFolder } from '../../src/pipeline/output-folder.js';

async function inScratch(action: (scratch: string) => Promise<void>): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'output-'));
  try {
    await action(scratch);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

test('nothing is at the place until everything is written', async (t) => {
  await inScratch(async (scratch) => {
    const output = await createOutputFolder(join(scratch, 'out'));
    await output.write('vms/a/Dockerfile', 'FROM scratch\n');
    t.false((await readdir(scratch)).includes('out'));
    await output.commit();
    t.deepEqual(await readdir(scratch), ['out']);
    t.is(await readFile(join(scratch, 'out/vms/a/Dockerfile'), 'utf8'), 'FROM scratch\n');
  });
});

test('an abandoned output leaves nothing behind', async (t) => {
  await inScratch(async (scratch) => {
    const output = await createOutputFolder(join(scratch, 'out'));
    await output.write('report.json', '{}');
    await output.abandon();
    t.deepEqual(await readdir(scratch), []);
  });
});

test('only the owner may look into the folder, whatever the umask', async (t) => {
  await inScratch(async (scratch) => {
    const output = await createOutputFolder(join(scratch, 'out'));
    await output.write('build.sh', '#!/bin/sh\n', { executable: true });
    await output.commit();
    t.is((await stat(join(scratch, 'out'))).mode & 0o777, 0o700);
    t.is((await stat(join(scratch, 'out/build.sh'))).mode & 0o777, 0o755);
  });
});

test('an earlier output is replaced as a whole', async (t) => {
  await inScratch(async (scratch) => {
    await mkdir(join(scratch, 'out'));
    await writeFile(join(scratch, 'out/report.json'), '{"old": true}');
    await writeFile(join(scratch, 'out/stale'), '');
    const output = await createOutputFolder(join(scratch, 'out'));
    await output.write('report.json', '{}');
    await output.commit();
    t.deepEqual(await readdir(join(scratch, 'out')), ['report.json']);
    t.deepEqual(await readdir(scratch), ['out']);
  });
});

test('a folder that is no earlier output is refused and left alone', async (t) => {
  await inScratch(async (scratch) => {
    await mkdir(join(scratch, 'precious'));
    await writeFile(join(scratch, 'precious/thesis.txt'), 'years of work');
    await t.throwsAsync(createOutputFolder(join(scratch, 'precious')), { code: 'output-exists' });
    t.deepEqual(await readdir(join(scratch, 'precious')), ['thesis.txt']);
  });
});

test('a work folder lies beside the output and goes with it, finished or not', async (t) => {
  await inScratch(async (scratch) => {
    const output = await createOutputFolder(join(scratch, 'out'));
    const work = await output.makeWorkFolder();
    await writeFile(join(work, 'spool'), 'bytes');
    await output.write('report.json', '{}');
    await output.commit();
    t.is((await stat(work)).mode & 0o777, 0o700);
    await output.abandon();
    t.deepEqual(await readdir(scratch), ['out']);
  });
});
