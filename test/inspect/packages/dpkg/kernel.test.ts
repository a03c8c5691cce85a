import test from 'ava';
import { isKernelPackage } from '../../../../src/inspect/packages/dpkg/kernel.js';

const isKernel = test.macro({
  exec: (t, name: string, dependencies: string[], expected: boolean) => {
    t.is(isKernelPackage(name, dependencies, []), expected);
  },
  title: (_given, name: string, _dependencies: string[], expected: boolean) =>
    `${name} is ${expected ? '' : 'not '}of the kernel`,
});

test(isKernel, 'linux-image-6.1.0-18-amd64', [], true);
test(isKernel, 'linux-image-amd64', ['linux-image-6.1.0-18-amd64'], true);
test(isKernel, 'linux-headers-6.8.0-45', [], true);
test(isKernel, 'linux-modules-extra-6.8.0-45-generic', [], true);
test(isKernel, 'linux-image-extra-3.13.0-24-generic', [], true);
test(isKernel, 'linux-generic', ['linux-image-generic', 'linux-headers-generic'], true);
test(isKernel, 'linux-virtual-hwe-22.04', ['linux-image-virtual-hwe-22.04'], true);
test(isKernel, 'pve-kernel-5.15.30-2-pve', [], true);
test(isKernel, 'raspberrypi-kernel', [], true);
test(isKernel, 'linux-libc-dev', [], false);
test(isKernel, 'linux-base', [], false);
test(isKernel, 'linux-firmware', [], false);
test(isKernel, 'firmware-linux-free', [], false);
test(isKernel, 'initramfs-tools', [], false);

test('a package with a kernel image is of the kernel whatever its name', (t) => {
  t.true(isKernelPackage('my-own-build', [], [{ path: '/boot/vmlinuz-6.6.6-custom' }]));
  t.false(isKernelPackage('grub-pc', [], [{ path: '/boot/grub/grub.cfg' }]));
});
