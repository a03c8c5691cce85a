import test from 'ava';
import type { LayerPlan } from '../../src/model/plan.js';
import { machineMetrics } from '../../src/plan/metrics.js';

function layer(kind: LayerPlan['kind'], predicted: number, vms: readonly string[] = ['vm']): LayerPlan {
  return { id: `${kind}${predicted}`, parent: null, kind, vms, packages: [], size: { predicted }, tar: { predicted } };
}

function metrics(beta: number, chain: readonly LayerPlan[], groupSize = 1) {
  return machineMetrics({ vm: 'vm', basis: 'predicted', beta, chain, groupSize }, ({ size }) => size.predicted);
}

/**
 * Tables 5.4 and 5.5, in units of 0.1 MB, with Ξ by its formula: the printed 2 does not follow from the numbers, and χ of
 * CentOS 7 is 0.1 off them.
 */
const table = test.macro({
  exec(
    t,
    _release: string,
    beta: number,
    sizes: readonly [number, number, number],
    chi: number,
    phi3: number,
    xi: number,
  ) {
    const [di0, di1, di3] = sizes;
    const got = metrics(beta, [layer('base', di0), layer('packages', di1), layer('delta', di3)]);
    t.true(Math.abs(got.chi - chi) < 0.15);
    t.true(Math.abs(got.phi3 - phi3) <= 1);
    t.is(got.xi, xi);
    t.is(got.di2, 0);
  },
  title: (_, release) => `thesis table for ${release}`,
});

test(table, 'Ubuntu 12.04', 10235, [991, 2273, 8622], 15.8, 11886, 3);
test(table, 'Ubuntu 13.10', 10552, [1746, 2737, 7337], 30.5, 11820, 2);
test(table, 'Ubuntu 14.04', 11099, [1920, 1949, 8948], 19.4, 12817, 2);
test(table, 'Ubuntu 14.10', 10299, [1969, 2717, 6876], 33.2, 11562, 2);
test(table, 'CentOS 6', 6182, [2361, 2440, 3805], 38.5, 8606, 3);
test(table, 'CentOS 7', 7794, [2431, 4171, 3399], 56.5, 10001, 2);
test(table, 'Mageia 3', 6361, [1604, 5442, 4659], 26.8, 11705, 5);

test('in a group, what others share is DI1 and what is this machine’s alone is DI2', (t) => {
  const got = metrics(
    100,
    [layer('base', 10), layer('packages', 20, ['vm', 'other']), layer('packages', 30), layer('delta', 5)],
    2,
  );
  t.like(got, { di0: 10, di1: 20, di2: 30, di3: 5, phi3: 65, xi: 1 });
});

test('nothing is ever saved by a machine whose delta is as large as itself', (t) => {
  t.is(metrics(100, [layer('base', 10), layer('delta', 100)]).xi, null);
});

test('an empty machine has no infinite share', (t) => {
  t.is(metrics(0, [layer('base', 0), layer('delta', 0)]).chi, 0);
});
