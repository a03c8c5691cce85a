import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestFn } from 'ava';
import { openTar } from '../../../src/guest/tar/open-tar.js';
import { guestContract } from '../contract.js';
import { buildFolder } from '../contract-tree.js';

/** Asks the promises of `GuestFs` of the contract's folder, packed by GNU tar with the given options. */
export function tarContract(test: TestFn, kind: string, name: string, options: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'contract-tar-'));
  const open = async () => {
    const [tree, file] = [join(folder, `${name}.d`), join(folder, name)];
    mkdirSync(tree);
    buildFolder(tree);
    execFileSync('tar', [...options, '-S', '--xattrs', '-C', tree, '-cf', file, '.']);
    rmSync(tree, { recursive: true });
    return await openTar(file);
  };
  guestContract(test, kind, open, { noSockets: true });
  test.after.always(() => rmSync(folder, { recursive: true, force: true }));
}
