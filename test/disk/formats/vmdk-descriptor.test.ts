import test from 'ava';
import { isVmdkDescriptor, parseVmdkDescriptor } from '../../../src/disk/formats/vmdk-descriptor.js';
import type { AppError, ErrorCode } from '../../../src/errors.js';
import { descriptorText } from '../vmdk-writer.js';

const parse = (text: string) => parseVmdkDescriptor(Buffer.from(text), 'a.vmdk');

test('a descriptor gives its extents, its identity and its parent', (t) => {
  const text = descriptorText({
    cid: 'fffffffe',
    parentCid: '1a2b3c4d',
    parentHint: 'base disk.vmdk',
    createType: 'vmfsSparse',
    extents: ['RW 2048 VMFSSPARSE "box-000001-delta.vmdk"', 'RDONLY 4096 FLAT "box-flat.vmdk" 128'],
  });
  t.deepEqual(parse(text), {
    contentId: 0xfffffffe,
    parentContentId: 0x1a2b3c4d,
    parentHint: 'base disk.vmdk',
    createType: 'vmfsSparse',
    extents: [
      { sectors: 2048, type: 'VMFSSPARSE', file: 'box-000001-delta.vmdk', start: 0 },
      { sectors: 4096, type: 'FLAT', file: 'box-flat.vmdk', start: 128 },
    ],
    hasDatabase: true,
  });
});

test('lines may end as on Windows, and what follows a NUL is nothing', (t) => {
  const text = descriptorText({ createType: 'vmfs', extents: ['RW 1 VMFS "a"'] });
  t.deepEqual(parse(text.replaceAll('\n', '\r\n')), parse(text));
  t.deepEqual(parse(`${text}\0\0RW 1 VMFS "b"\n`), parse(text));
});

test('names are read in the code page that the descriptor gives', (t) => {
  const text = descriptorText({ createType: 'vmfs', extents: ['RW 1 VMFS "B\xfccher.vmdk"'] });
  const bytes = Buffer.from(text.replace('encoding="UTF-8"', 'encoding="windows-1252"'), 'latin1');
  t.is(parseVmdkDescriptor(bytes, 'a.vmdk').extents[0]!.file, 'Bücher.vmdk');
});

test('a descriptor is known by its first lines', (t) => {
  t.true(isVmdkDescriptor(Buffer.from('# Disk DescriptorFile\nversion=1\n')));
  t.true(isVmdkDescriptor(Buffer.from('\n  \n# by hand\nversion = 1\n')));
  t.false(isVmdkDescriptor(Buffer.from('#!/bin/sh\necho version=1\n')));
});

const refused = test.macro({
  title: (_, extent: string) => `refused: ${extent}`,
  exec(t, extent: string, code: ErrorCode) {
    t.is(t.throws<AppError>(() => parse(descriptorText({ createType: 'custom', extents: [extent] }))).code, code);
  },
});

test(refused, 'RW 1 ZERO', 'input-unsupported');
test(refused, 'NOACCESS 1 FLAT "a" 0', 'input-unsupported');
test(refused, 'RW 0 FLAT "a" 0', 'input-corrupt');
test(refused, 'RW 9999999999999999 FLAT "a" 0', 'input-corrupt');
test(refused, 'RW -1 FLAT "a" 0', 'input-corrupt');
test(refused, 'RW 1 FLAT', 'input-corrupt');
test(refused, 'RW 1 FLAT "a" 0 RW 1 FLAT "b" 0', 'input-corrupt');
test(refused, 'RW 1 VMFSRDM "a-rdmp.vmdk"', 'input-unsupported');
test(refused, 'RW 1 FLAT "/dev/sda" 0', 'input-unsupported');
