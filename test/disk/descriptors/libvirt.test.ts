import test from 'ava';
import { readLibvirtDomain } from '../../../src/disk/descriptors/libvirt.js';
import type { AppError } from '../../../src/errors.js';

const domain = (devices: string): Buffer =>
  Buffer.from(`<?xml version='1.0'?>
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>box</name>
  <memory unit='GiB'>2</memory>
  <currentMemory unit='KiB'>1048576</currentMemory>
  <vcpu placement='static'>3</vcpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    ${devices}
    <interface type='network'><mac address='52:54:00:00:00:01'/></interface>
  </devices>
</domain>`);

test('a domain gives its disks in the order of the document, with the format that it declares', (t) => {
  const devices = `
    <disk type='file' device='cdrom'><source file='/iso/debian.iso'/><target dev='sda'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/vms/a &amp; b.qcow2'/><target dev='vda'/></disk>
    <disk type='file'><driver name='qemu' type='raw'/><source file='data.img'/><target dev='vdb'/></disk>`;
  t.deepEqual(readLibvirtDomain(domain(devices), 'box.xml'), {
    disks: [
      { file: '/vms/a & b.qcow2', format: 'qcow2' },
      { file: 'data.img', format: 'raw' },
    ],
    hardware: { cpus: 3, memory: 2 * 1024 ** 3, hypervisor: 'kvm', networkCards: 1 },
    problems: [],
  });
});

for (const [type, where] of [
  ['network', /on the network/],
  ['block', /on a block device/],
  ['volume', /on a volume of a storage pool/],
  ['__proto__', /on __proto__/],
] as const) {
  test(`a disk of the type ${type} is refused`, (t) => {
    const error = t.throws<AppError>(() =>
      readLibvirtDomain(domain(`<disk type='${type}'><source name='x'/><target dev='vda'/></disk>`), 'box.xml'),
    );
    t.is(error.code, 'input-unsupported');
    t.regex(error.message, where);
  });
}

test('a disk that libvirt encrypts is refused', (t) => {
  const devices = `<disk type='file'><source file='a.img'><encryption format='luks'/></source><target dev='vda'/></disk>`;
  t.is(t.throws<AppError>(() => readLibvirtDomain(domain(devices), 'box.xml')).code, 'input-encrypted');
});
