import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openTar } from '../../../src/guest/tar/open-tar.js';
import { testAsRoot } from '../as-root.js';
import { guestContract } from '../contract.js';
import { buildFolder } from '../contract-tree.js';

const root = testAsRoot(test);
const folder = root === null ? '' : mkdtempSync(join(tmpdir(), 'contract-tar-'));

/** GNU tar of the contract's folder in the given format, with the given packing. */
function archive(name: string, options: readonly string[]): string {
  const [tree, file] = [join(folder, `${name}.d`), join(folder, name)];
  mkdirSync(tree);
  buildFolder(tree);
  execFileSync('tar', [...options, '-S', '--xattrs', '-C', tree, '-cf', file, '.']);
  rmSync(tree, { recursive: true });
  return file;
}

if (root !== null) {
  guestContract(root, 'tar (pax)', async () => await openTar(archive('pax.tar', ['--format=posix'])), {
    noSockets: true,
  });
  test.after.always(() => rmSync(folder, { recursive: true, force: true }));
}
