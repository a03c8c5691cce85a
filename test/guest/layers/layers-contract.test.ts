import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openLayers } from '../../../src/guest/layers/open-layers.js';
import { testAsRoot } from '../as-root.js';
import { guestContract } from '../contract.js';
import { buildFolder } from '../contract-tree.js';

const root = testAsRoot(test);
const folder = root === null ? '' : mkdtempSync(join(tmpdir(), 'contract-layers-'));

function archive(name: string, tree: string): string {
  const file = join(folder, name);
  execFileSync('tar', ['--format=posix', '-S', '--xattrs', '-C', tree, '-cf', file, '.']);
  return file;
}

/** What the upper layer takes away or replaces lies in the lower one alone. */
function layers(): string[] {
  const [lower, upper] = [join(folder, 'lower'), join(folder, 'upper')];
  for (const path of ['gone/inside', 'etc/hostname']) {
    mkdirSync(join(lower, path, '..'), { recursive: true });
    writeFileSync(join(lower, path), 'of the lower layer\n');
  }
  mkdirSync(upper);
  buildFolder(upper);
  writeFileSync(join(upper, '.wh.gone'), '');
  return [archive('lower.tar', lower), archive('upper.tar', upper)];
}

if (root !== null) {
  const open = async () => ({
    fs: await openLayers(
      layers().map((file) => ({ open: () => createReadStream(file) })),
      ['/'],
    ),
    ...{ filesystems: [], problems: [], reader: 'layers' as const, close: async () => {} },
  });
  guestContract(root, 'layers of an image', open, { noSockets: true });
  test.after.always(() => rmSync(folder, { recursive: true, force: true }));

  root.serial('content outside of the wanted paths is not kept, and says so when it is asked for', async (t) => {
    const tree = join(folder, 'two');
    mkdirSync(join(tree, 'etc'), { recursive: true });
    mkdirSync(join(tree, 'opt'));
    writeFileSync(join(tree, 'etc/kept'), 'kept');
    writeFileSync(join(tree, 'opt/passed'), 'passed over');
    const file = archive('two.tar', tree);
    const fs = await openLayers([{ open: () => createReadStream(file) }], ['/etc']);
    t.is((await fs.readFile('/etc/kept')).toString(), 'kept');
    t.is(fs.stat('/opt/passed')?.size, 11);
    await t.throwsAsync(fs.readFile('/opt/passed'), { code: 'guest-read-failed' });
  });
}
