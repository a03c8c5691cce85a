import test from 'ava';
import { readOvf } from '../../../src/disk/descriptors/ovf.js';
import type { AppError, ErrorCode } from '../../../src/errors.js';
import { ovfText } from '../ova-writer.js';
import { MIB, SAMPLE_BYTES } from '../sample.js';

const read = (text: string) => readOvf(Buffer.from(text), 'box.ovf');

test('an OVF gives its disks in the order of the hardware, not of its lists', (t) => {
  t.deepEqual(read(ovfText()), {
    disks: [
      { file: 'root.vmdk', capacity: SAMPLE_BYTES },
      { file: 'data.vmdk', capacity: 8 * MIB },
    ],
    hardware: { cpus: 4, memory: 2048 * MIB, hypervisor: 'vmware', networkCards: 1 },
    problems: [],
  });
});

test('without hardware the disks come in the order of the disk section', (t) => {
  const text = ovfText().replace(/<VirtualHardwareSection>[\s\S]*<\/VirtualHardwareSection>/, '');
  t.deepEqual(
    read(text).disks.map((disk) => disk.file),
    ['data.vmdk', 'root.vmdk'],
  );
});

test('a disk without a file is reported as blank, and the others are read', (t) => {
  const machine = read(ovfText().replace(' ovf:fileRef="file2"', ''));
  t.deepEqual(
    machine.disks.map((disk) => disk.file),
    ['root.vmdk'],
  );
  t.deepEqual(
    machine.problems.map((problem) => problem.code),
    ['disk-blank'],
  );
});

const refused = test.macro({
  title: (_, what: string) => `refused: an OVF with ${what}`,
  exec(t, _what: string, change: (text: string) => string, code: ErrorCode, message: RegExp) {
    const error = t.throws<AppError>(() => read(change(ovfText())));
    t.is(error.code, code);
    t.regex(error.message, message);
  },
});

test(
  refused,
  'two machines',
  (text) => text.replace('</VirtualSystem>', '</VirtualSystem><VirtualSystem ovf:id="other"/>'),
  'input-unsupported',
  /2 machines \(box, other\)/,
);
test(
  refused,
  'a disk that it does not describe',
  (text) => text.replace('/disk/vmdisk1<', '/disk/vmdisk9<'),
  'descriptor-invalid',
  /vmdisk9/,
);
test(
  refused,
  'a disk in an unknown file',
  (text) => text.replace('ovf:fileRef="file1"', 'ovf:fileRef="file9"'),
  'descriptor-invalid',
  /file9/,
);
test(
  refused,
  'a disk in chunks',
  (text) => text.replace('ovf:id="file1"', 'ovf:id="file1" ovf:chunkSize="100"'),
  'input-unsupported',
  /chunks/,
);
test(
  refused,
  'a disk that is a snapshot',
  (text) => text.replace('ovf:fileRef="file1"', 'ovf:fileRef="file1" ovf:parentRef="vmdisk2"'),
  'input-unsupported',
  /snapshot/,
);
