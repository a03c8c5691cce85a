import { join } from 'node:path';
import test from 'ava';
import type { BlockNode } from '../../src/model/machine.js';
import { checkImage, imageInfo, openFailure } from '../../src/tools/qemu-img.js';
import { MIB, qemuImg, temporaryFolder } from '../disk/sample.js';

const disk = 'box.img';

function node(driver: string, filename: string): BlockNode {
  return { driver, 'read-only': true, file: { driver: 'file', filename, 'read-only': true } };
}

test('imageInfo says how many bytes the guest sees', async (t) => {
  const path = join(await temporaryFolder(t), 'a.qcow2');
  await qemuImg('create', '-q', '-f', 'qcow2', path, '3M');
  t.is((await imageInfo({ ...node('qcow2', path), backing: null }, { disk })).virtualSize, 3 * MIB);
});

test('checkImage tells clean from unsupported', async (t) => {
  const folder = await temporaryFolder(t);
  await qemuImg('create', '-q', '-f', 'qcow2', join(folder, 'a'), '3M');
  await qemuImg('create', '-q', '-f', 'raw', join(folder, 'b'), '3M');
  t.is((await checkImage(node('qcow2', join(folder, 'a')), { disk })).outcome, 'clean');
  t.is((await checkImage(node('raw', join(folder, 'b')), { disk })).outcome, 'unsupported');
});

test('what QEMU says becomes an error that says what to do', (t) => {
  t.like(
    openFailure(
      'qemu-img: Could not open: Failed to get shared "write" lock\nIs another process using the image?',
      disk,
    ),
    { code: 'input-unreadable' },
  );
  t.like(openFailure("qemu-img: Could not open 'x': Permission denied", disk), { code: 'input-unreadable' });
  t.like(openFailure('qemu-img: Could not open: Image is corrupt', disk), {
    code: 'input-corrupt',
    detail: 'qemu-img: Could not open: Image is corrupt',
  });
});
