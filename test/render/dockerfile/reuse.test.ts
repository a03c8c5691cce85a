import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { encodePath } from '../../../src/model/path.js';
import { applyScript } from '../../../src/render/dockerfile/reuse.js';
import { inScratch } from '../../commands/cli.js';

/** A name that a shell would do much with, and a byte that is not UTF-8. */
const HOSTILE = '/srv/-n $(touch no) \'q\' "d" `x`\n\\ \udce9';

test('the script makes files of copies and patches, whatever their names, with rights and times', async (t) => {
  await inScratch(async (scratch) => {
    const stage = join(scratch, 'stage');
    await mkdir(stage);
    await writeFile(join(scratch, "it's"), 'content');
    // Stands for the loader: what it is called with is what rdiff would get.
    await writeFile(join(stage, 'loader'), '#!/bin/sh\nshift 4\ncat "$1" "$2" > "$3"\n', { mode: 0o755 });
    await writeFile(join(stage, '0.rdiff'), ' and more');
    const owner = { uid: process.getuid!(), gid: process.getgid!() };
    const shared = { size: 7, shipped: 0, from: join(scratch, "it's") };
    const script = applyScript([
      { ...shared, path: HOSTILE, patch: null, metadata: { ...owner, mode: 0o4750, mtime: 1_000_000_000 } },
      { ...shared, path: '/srv/b', patch: '0.rdiff', metadata: { ...owner, mode: 0o600, mtime: null } },
    ]);
    const moved = Buffer.from(script.toString('latin1').replaceAll('/.vm2docker', stage), 'latin1');
    await writeFile(join(scratch, 'apply'), moved);
    execFileSync('sh', [join(scratch, 'apply')]);
    const made = Buffer.concat([Buffer.from(join(stage, 'out')), encodePath(HOSTILE)]);
    t.is(await readFile(made, 'utf8'), 'content');
    const found = await lstat(made);
    t.is(found.mode & 0o7777, 0o4750);
    t.is(found.mtimeMs, 1_000_000_000_000);
    t.is(await readFile(join(stage, 'out/srv/b'), 'utf8'), 'content and more');
    t.is((await lstat(join(stage, 'out/srv/b'))).mode & 0o7777, 0o600);
  });
});
