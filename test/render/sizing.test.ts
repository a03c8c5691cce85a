import test from 'ava';
import type { InspectedMachine } from '../../src/model/inspected.js';
import { planMachines } from '../../src/plan/plan-machines.js';
import { sizeMachines } from '../../src/plan/sizing/size-machines.js';
import { sizingCsv, sizingReport, sizingText } from '../../src/render/sizing.js';
import { DEFAULT_OPTIONS, machineOf } from '../plan/machine.js';
import { hostileMachine } from './hostile.js';

function rendered(machines: readonly InspectedMachine[]) {
  const plan = planMachines(machines, { ...DEFAULT_OPTIONS, baseImage: 'scratch' });
  const sizing = sizeMachines(plan, machines);
  return { plan, text: sizingText(plan, sizing), csv: sizingCsv(plan, sizing), json: sizingReport(sizing) };
}

const PACKAGES = [{ name: 'nginx', files: { '/usr/sbin/nginx': 'n'.repeat(100_000) } }];
const WEB = machineOf({ name: 'web', packages: PACKAGES, files: { '/var/log/syslog': 'l'.repeat(5000) } });
const DB = machineOf({ name: 'db', packages: PACKAGES, files: { '/srv/data': 'd'.repeat(9000) } });

test('the text has the layers of each machine, the bytes stored three ways and what machines are made of', (t) => {
  const { text } = rendered([WEB, DB]);
  for (const expected of [
    '2 machines on',
    'each machine as one archive',
    "the thesis's two levels",
    'these layers',
    'nginx:amd64',
    '/var/log/syslog',
    'Identical files on several machines: 100 kB',
  ])
    t.true(text.includes(expected), expected);
});

test('the table has one line for each machine, as many cells as columns, and the figures of the plan', (t) => {
  const { csv, plan } = rendered([WEB, DB]);
  const [columns, ...rows] = csv
    .split('\r\n')
    .slice(0, -1)
    .map((line) => line.split(','));
  t.deepEqual(
    rows.map((row) => row.length),
    [columns!.length, columns!.length],
  );
  const cell = (row: number, column: string): string => rows[row]![columns!.indexOf(column)]!;
  t.deepEqual([cell(0, 'vm'), cell(1, 'vm')], ['db', 'web']);
  t.is(Number(cell(0, 'di3')), plan.groups[0]!.metrics[0]!.di3);
  t.is(Number(cell(1, 'group_tree')), plan.groups[0]!.stored.tree);
});

test('a name that is a formula or holds separators stays one cell of text', (t) => {
  const { csv } = rendered([machineOf({ name: '=1+1,"x"', packages: PACKAGES })]);
  t.true(csv.includes(`,"'=1+1,""x""",`));
});

test('guest text sends nothing to the terminal, and the order of machines changes no byte', (t) => {
  const { text, json } = rendered([hostileMachine()]);
  t.false(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(text));
  t.notThrows(() => JSON.parse(JSON.stringify(json)));
  const [one, other] = [rendered([WEB, DB]), rendered([DB, WEB])];
  t.deepEqual([one.text, one.csv, one.json], [other.text, other.csv, other.json]);
});
