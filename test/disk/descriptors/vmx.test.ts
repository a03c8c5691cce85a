import test from 'ava';
import fc from 'fast-check';
import { readVmx } from '../../../src/disk/descriptors/vmx.js';
import { AppError } from '../../../src/errors.js';

const MACHINE = `.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "13"
displayName = "box"
numvcpus = "2"
memsize = "4096"
sata0:0.fileName = "auto detect"
sata0:0.deviceType = "cdrom-raw"
sata0:0.present = "TRUE"
ide0:0.fileName = "old.vmdk"
scsi0.present = "TRUE"
scsi0:10.fileName = "data10.vmdk"
scsi0:10.present = "TRUE"
scsi0:2.fileName = "data2.vmdk"
scsi0:2.present = "TRUE"
SCSI0:0.FILENAME = "root|20disk.vmdk"
scsi0:0.present = "TRUE"
scsi1:0.fileName = "gone.vmdk"
scsi1:0.present = "FALSE"
ethernet0.present = "TRUE"
ethernet1.present = "TRUE"
ethernet2.present = "FALSE"
checkpoint.vmState = ""
`;

const read = (text: string) => readVmx(Buffer.from(text), 'box.vmx');

test('a .vmx gives its disks in the order of controllers and numbers, and its hardware', (t) => {
  t.deepEqual(read(MACHINE), {
    disks: [{ file: 'root disk.vmdk' }, { file: 'data2.vmdk' }, { file: 'data10.vmdk' }, { file: 'old.vmdk' }],
    hardware: { cpus: 2, memory: 4096 * 1024 * 1024, hypervisor: 'vmware', networkCards: 2 },
    problems: [],
  });
});

test('the disk to boot from comes first when the firmware is told which', (t) => {
  t.is(read(`${MACHINE}bios.hddOrder = "ide0:0,scsi0:0"\n`).disks[0]!.file, 'old.vmdk');
});

test('a suspended machine is reported', (t) => {
  const problems = read(MACHINE.replace('checkpoint.vmState = ""', 'checkpoint.vmState = "box.vmss"')).problems;
  t.deepEqual(
    problems.map((problem) => problem.code),
    ['machine-suspended'],
  );
});

test('an encrypted machine is refused', (t) => {
  const error = t.throws<AppError>(() => read(`${MACHINE}encryption.keySafe = "vmware:key/list/(pair/..."\n`));
  t.is(error.code, 'input-encrypted');
});

test('a raw device is refused', (t) => {
  const error = t.throws<AppError>(() =>
    read(`${MACHINE}scsi0:3.fileName = "/dev/sdb"\nscsi0:3.deviceType = "scsi-passthru"\n`),
  );
  t.is(error.code, 'input-unsupported');
});

test('any text is read or refused, without any other failure', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      try {
        readVmx(Buffer.from(bytes), 'x');
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
      }
    }),
  );
  t.pass();
});
