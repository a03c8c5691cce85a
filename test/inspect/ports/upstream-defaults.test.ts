import test from 'ava';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { portsOf, service } from './service.js';
import { UPSTREAM_DEFAULTS, type UpstreamCase } from './upstream-defaults.js';

const asShipped = test.macro({
  title: (_given, row: UpstreamCase) => `${row.unit} listens where the files of its makers say`,
  exec: async (t, row: UpstreamCase) => {
    const guest = memoryGuest(row.files);
    const { ports, listens, inspection } = await portsOf(
      guest,
      service(row.unit, row.command, row.facts),
      row.versions,
    );
    t.deepEqual(ports, row.ports);
    t.deepEqual(listens, row.listens ?? []);
    t.deepEqual(inspection.problems, []);
  },
});

for (const row of UPSTREAM_DEFAULTS) test(asShipped, row);
