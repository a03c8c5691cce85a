import test from 'ava';
import type { Plan } from '../../src/model/plan.js';
import { measuredTable, savingLines, stepTable } from '../../src/render/measured.js';

const figures = { vm: 'shop', beta: 1000, di0: 500, di1: 300, di2: 0, di3: 200, phi3: 1000, chi: 80, xi: 1 };
const reused = [
  { path: '/a', from: '/b', patch: null, size: 5_000_000, shipped: 0 },
  { path: '/c', from: '/c', patch: '0.rdiff', size: 9_000_000, shipped: 1_000_000 },
  { path: '/d', from: '/d', patch: '1.rdiff', size: 2_000_000, shipped: 1_000_000 },
];
const planOf = (metrics: object[], layers: object[]): Plan =>
  ({ groups: [{ metrics, layers }], machines: [] }) as unknown as Plan;

test('what was measured stands above what was predicted, with each sum of layers', (t) => {
  const plan = planOf(
    [
      { ...figures, basis: 'predicted', di3: 100 },
      { ...figures, basis: 'built' },
    ],
    [],
  );
  const [heading, measured, predicted] = measuredTable(plan);
  t.regex(heading!, /machine +β +DI0 +DI1 +DI2 +DI3 +Φ1 +Φ2 +Φ3 +Φ3\/β +χ +Ξ$/);
  t.regex(measured!, /^shop +measured +1.00 kB +500 B +300 B +0 B +200 B +800 B +800 B +1.00 kB +1.00 +80.0 % +1$/);
  t.regex(predicted!, /^ +predicted .* 100 B /);
});

test('nothing measured, no table', (t) => {
  t.deepEqual(measuredTable(planOf([{ ...figures, basis: 'predicted' }], [])), []);
});

test('what copies and block deltas saved is said for each machine', (t) => {
  t.deepEqual(savingLines(planOf([], [{ vms: ['shop'], reused }, { vms: ['other'] }])), [
    'shop: 1 file moved or copied: 5.00 MB not shipped',
    'shop: 2 files changed in part: 9.00 MB not shipped, block deltas of 2.00 MB instead',
  ]);
});

test('steps of no time are left out', (t) => {
  const steps = [
    { machine: 'shop', step: 'comparing', seconds: 0.02 },
    { machine: 'shop', step: 'building x', seconds: 12.34 },
  ];
  t.deepEqual(stepTable(steps), ['shop  building x  12.3 s']);
});
