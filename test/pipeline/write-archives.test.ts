import { PassThrough, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import test from 'ava';
import type { ContentSpool } from '../../src/guest/content-spool.js';
import type { FileRecord } from '../../src/model/files.js';
import { silentProgress } from '../../src/model/progress.js';
import type { OutputFolder } from '../../src/pipeline/output-folder.js';
import type { Collection } from '../../src/pipeline/read-machines.js';
import { writeArchives } from '../../src/pipeline/write-archives.js';
import { planMachines } from '../../src/plan/plan-machines.js';
import { DEFAULT_OPTIONS, machineOf } from '../plan/machine.js';

type Extents = readonly { readonly offset: number; readonly length: number }[];

/** Archives of a machine with one file, whose data lie in the given runs of `size` bytes. */
async function archivesOf(size: number, allocated: number, runs: Extents) {
  const machine = machineOf({ name: 'web', files: { '/srv/file': { content: 'x' } } });
  const records = machine.files.records as Map<string, FileRecord>;
  const record = records.get('/srv/file')!;
  records.set('/srv/file', { ...record, entry: { ...record.entry, size, allocated } });
  const plan = planMachines([machine], { ...DEFAULT_OPTIONS, packages: 'disk', baseImage: 'scratch' });
  const spool = {
    extents: () => runs,
    async *read() {
      for (const { offset, length } of runs) yield { offset, data: Buffer.alloc(length, offset === 0 ? 'a' : 0) };
    },
  } as unknown as ContentSpool;
  const written = new Map<string, Promise<Buffer>>();
  const output = {
    async createStream(path: string): Promise<Writable> {
      const stream = new PassThrough();
      written.set(path, buffer(stream));
      return stream;
    },
  } as unknown as OutputFolder;
  const collection = { machines: [{ machine, spool }] } as unknown as Collection;
  await writeArchives(output, plan, collection, {
    progress: silentProgress,
    signal: new AbortController().signal,
  });
  const delta = plan.groups[0]!.layers.find(({ kind }) => kind === 'delta')!;
  return { bytes: await written.get('vms/web/delta.tar')!, predicted: delta.tar.predicted };
}

test('a reserved block that one reader shows as a hole and another as zeros is the same in archives, as predicted', async (t) => {
  const asHole = await archivesOf(100_000, 102_400, [
    { offset: 0, length: 40_960 },
    { offset: 49_152, length: 50_848 },
  ]);
  const asZeros = await archivesOf(100_000, 102_400, [
    { offset: 0, length: 40_960 },
    { offset: 40_960, length: 59_040 },
  ]);
  t.true(asHole.bytes.equals(asZeros.bytes));
  t.is(asHole.bytes.length, asHole.predicted);
});

test('a file that is mostly holes is stored as its data, and predicted with the zeros that engines write', async (t) => {
  const { bytes, predicted } = await archivesOf(10_000_000, 4096, [{ offset: 0, length: 4096 }]);
  t.true(bytes.length < 20_000);
  t.true(bytes.includes('GNU.sparse.realsize'));
  const dense = await archivesOf(10_000_000, 10_002_432, [{ offset: 0, length: 10_000_000 }]);
  t.is(predicted, dense.bytes.length);
});
