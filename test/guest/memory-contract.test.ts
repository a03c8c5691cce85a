import test from 'ava';
import { MemoryGuest } from '../../src/guest/memory/memory-guest.js';
import { guestContract } from './contract.js';
import { memoryNodes, parentsAreNamed } from './contract-tree.js';

guestContract(
  test,
  'memory',
  async () => ({
    fs: new MemoryGuest(memoryNodes()),
    filesystems: [],
    problems: [],
    reader: 'memory',
    async close() {},
  }),
  { noHoles: true },
);

test('the tree of the contract names every folder', (t) => {
  t.true(parentsAreNamed());
});
