import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { PlanOptions } from '../../src/model/plan.js';
import { localPackages } from '../../src/pipeline/local-packages.js';
import { planMachines } from '../../src/plan/plan-machines.js';
import { layerDockerfile } from '../../src/render/dockerfile/dockerfile.js';
import { inScratch } from '../commands/cli.js';
import { DEFAULT_OPTIONS, machineOf } from '../plan/machine.js';

test('files are packages by their names, epochs and plus signs decoded; others are passed over', async (t) => {
  await inScratch(async (scratch) => {
    await mkdir(join(scratch, 'sub_1_all.deb.d'));
    for (const name of ['vim_2%3a8.2-1%2bb1_amd64.deb', 'notes.txt', 'no-version.deb', 'a_1_amd64.deb.part']) {
      await writeFile(join(scratch, name), '');
    }
    t.deepEqual(await localPackages(scratch), [
      {
        folder: scratch,
        file: 'vim_2%3a8.2-1%2bb1_amd64.deb',
        name: 'vim',
        version: '8.2-1+b1',
        architecture: 'amd64',
      },
    ]);
    await t.throwsAsync(localPackages(join(scratch, 'none')), { code: 'input-missing' });
  });
});

const DEB = { folder: '/home/me/debs', file: 'oldapp_1.0-1_amd64.deb', name: 'oldapp', architecture: 'amd64' };
const MACHINE = machineOf({
  packages: [
    { name: 'bash', essential: true, files: { '/usr/bin/bash': 'b' } },
    { name: 'oldapp', version: '3:1.0-1', available: false, files: { '/usr/bin/oldapp': 'o' } },
  ],
});

function layers(debs: PlanOptions['debs']) {
  const plan = planMachines([MACHINE], { ...DEFAULT_OPTIONS, ...(debs === undefined ? {} : { debs }) });
  const [group] = plan.groups;
  const layer = group!.layers.find(({ kind }) => kind === 'packages')!;
  return { layer, text: layerDockerfile(plan, group!, layer) };
}

test('a version that is gone is installed from the file that is exactly it, mounted where every base has a folder', (t) => {
  const { layer, text } = layers([{ ...DEB, version: '1.0-1' }]);
  t.is(layer.mode, 'install');
  t.regex(text, /^RUN --mount=type=bind,source=debs,target=\/mnt set -eu; \\$/m);
  t.regex(text, /^ {6}\/mnt\/oldapp_1\.0-1_amd64\.deb; \\$/m);
  t.false(text.includes('/home/me'));
});

test('a file of another version changes nothing', (t) => {
  t.is(layers([{ ...DEB, version: '1.0-2' }]).layer.mode, 'disk');
  t.false(layers([{ ...DEB, version: '1.0-2' }]).text.includes('mount'));
});
