import test from 'ava';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { inspectHardware } from '../../../src/inspect/hardware/index.js';
import { HARDWARE_RULES } from '../../../src/inspect/hardware/rules.js';

test('tools of a hypervisor are named with where they are', (t) => {
  const found = inspectHardware(memoryGuest({ '/usr/bin/vmtoolsd': 'x', '/usr/sbin/qemu-ga': 'x' }), {});
  t.deepEqual(
    found.map(({ rule, evidence }) => [rule, evidence[0]?.path]),
    [
      ['hypervisor-tools', '/usr/bin/vmtoolsd'],
      ['hypervisor-tools', '/usr/sbin/qemu-ga'],
    ],
  );
});

test('several network cards are a finding, one is none', (t) => {
  t.like(inspectHardware(memoryGuest({}), { networkCards: 2 }), [{ rule: 'several-network-cards' }]);
  t.deepEqual(inspectHardware(memoryGuest({}), { networkCards: 1 }), []);
});

test('a GPU driver is a warning', (t) => {
  t.like(inspectHardware(memoryGuest({ '/usr/bin/nvidia-smi': 'x' }), {}), [
    { rule: 'gpu-driver', severity: 'warning' },
  ]);
});

test('rules have ids of their own', (t) => {
  t.is(new Set(HARDWARE_RULES.map(({ id }) => id)).size, HARDWARE_RULES.length);
});
