import test from 'ava';
import type { MachineSnapshot } from '../../src/diff/machine-snapshot.js';
import { oversizedFiles } from '../../src/diff/oversized.js';
import type { Snapshot, SnapshotEntry } from '../../src/diff/snapshot.js';

const MIB = 1024 * 1024;
const WAL = '/var/lib/postgresql/15/main/pg_wal/000000010000000000000001';

function file(sha256: string, more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  return {
    ...{ type: 'file', mode: 0o600, uid: 100, gid: 101, size: 16 * MIB, sha256, mtime: 1, layer: 1, group: sha256 },
    attributes: new Map(),
    ...more,
  };
}

function machine(entries: Readonly<Record<string, SnapshotEntry>>): MachineSnapshot {
  return { entries: new Map(Object.entries(entries)), unrepresentable: [], excluded: [], isIgnored: () => false };
}

function oversized(image: Readonly<Record<string, SnapshotEntry>>, ...machines: MachineSnapshot[]): string[] {
  const tree: Snapshot = new Map(Object.entries(image));
  return oversizedFiles({ image: tree, from: 1, machines: () => machines });
}

test('a large file that every machine has otherwise, or not at all, is found', (t) => {
  t.deepEqual(oversized({ [WAL]: file('fresh') }, machine({ [WAL]: file('used') }), machine({})), [WAL]);
  t.deepEqual(oversized({ [WAL]: file('fresh') }, machine({ [WAL]: file('fresh', { uid: 7 }) })), [WAL]);
});

test('one machine that keeps it is enough to keep it, whatever its time', (t) => {
  t.deepEqual(oversized({ [WAL]: file('fresh') }, machine({}), machine({ [WAL]: file('fresh', { mtime: 9 }) })), []);
});

test('what is small, lies in layers below, or serves programs and package managers stays', (t) => {
  const kept = {
    '/var/lib/small': file('a', { size: MIB }),
    '/var/lib/below': file('b', { layer: 0 }),
    '/usr/bin/python3.11': file('c'),
    '/var/lib/dpkg/status-large': file('d'),
    '/var/lib/a\nb': file('e'),
  };
  t.deepEqual(oversized(kept, machine({})), []);
});
