import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openFolder } from '../../../src/guest/folder/open-folder.js';
import { testAsRoot } from '../as-root.js';
import { guestContract } from '../contract.js';
import { buildFolder, MTIME } from '../contract-tree.js';

const root = testAsRoot(test);
const folder = root === null ? '' : mkdtempSync(join(tmpdir(), 'contract-folder-'));

if (root !== null) {
  guestContract(root, 'folder', async () => {
    buildFolder(folder);
    const server = createServer().listen(join(folder, 'odd/socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    utimesSync(join(folder, 'odd'), MTIME, MTIME);
    const guest = await openFolder(folder);
    server.unref();
    return guest;
  });
  test.after.always(() => rmSync(folder, { recursive: true, force: true }));
}
