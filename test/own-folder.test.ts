import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ownFolder, removeOwnFolder } from './own-folder.js';

test('what a killed process left goes, what one that runs has stays', (t) => {
  const left = (pid: number | undefined, name: string): string => join(tmpdir(), `${name}-${pid}-Abc123`);
  const ended = spawnSync('true').pid;
  const folders = [left(ended, 'own-folder'), left(process.ppid, 'own-folder'), left(ended, 'other-own-folder')];
  t.teardown(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  for (const folder of folders) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'file'), '');
  }
  const folder = ownFolder('own-folder');
  t.true(existsSync(folder));
  t.deepEqual(folders.map(existsSync), [false, true, true]);
  removeOwnFolder(folder);
  t.false(existsSync(folder));
});
