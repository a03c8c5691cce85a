import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { createContentSpool } from '../../src/guest/content-spool.js';
import type { Plan } from '../../src/model/plan.js';
import { findCredentials, placeCredentials, withCredentials } from '../../src/pipeline/build-credentials.js';
import type { CollectedMachine } from '../../src/pipeline/read-machines.js';
import { planMachines } from '../../src/plan/plan-machines.js';
import { buildScript } from '../../src/render/build-script.js';
import { layerDockerfile } from '../../src/render/dockerfile/dockerfile.js';
import { inScratch } from '../commands/cli.js';
import { DEFAULT_OPTIONS, machineOf } from '../plan/machine.js';

const SECRET = 'hunter2-of-the-mirror';
const FILES = {
  '/etc/apt/auth.conf': `machine elsewhere.example login a password b\n`,
  '/etc/apt/auth.conf.d/mirror.conf': `machine http://mirror.example/debian login me password ${SECRET}\n`,
  '/etc/apt/auth.conf.d/README~': `machine mirror.example login not password this\n`,
};
const MACHINE = machineOf({
  packages: [
    { name: 'bash', essential: true, files: { '/usr/bin/bash': 'b' } },
    { name: 'tree', files: { '/usr/bin/tree': 't' } },
  ],
  files: FILES,
});

function planOf(source: string): Plan {
  const plan = planMachines([MACHINE], DEFAULT_OPTIONS);
  const groups = plan.groups.map((group) => ({
    ...group,
    layers: group.layers.map((layer) =>
      layer.install === undefined ? layer : { ...layer, install: { ...layer.install, sources: [source] } },
    ),
  }));
  return { ...plan, groups };
}

async function spooled(folder: string): Promise<CollectedMachine> {
  const spool = await createContentSpool(join(folder, 'spool'));
  for (const [path, text] of Object.entries(FILES)) {
    const { entry } = MACHINE.files.records.get(path)!;
    const content = (async function* () {
      yield { offset: 0, data: Buffer.from(text) };
    })();
    for await (const _ of spool.record({ entry, attributes: new Map(), content }).content!);
  }
  return { machine: MACHINE, spool, diskDigests: new Map() } as unknown as CollectedMachine;
}

test('what the archives of a build ask for is a secret of it alone, and what others ask for stays in the machine', async (t) => {
  await inScratch(async (scratch) => {
    const machines = [await spooled(scratch)];
    const plan = planOf('deb http://mirror.example/debian bookworm main');
    const found = await findCredentials(plan, { machines });
    t.deepEqual(
      [...found],
      [[plan.groups[0]!.id, `machine http://mirror.example/debian login me password ${SECRET}\n`]],
    );
    t.is((await findCredentials(planOf('deb http://other.example/debian bookworm main'), { machines })).size, 0);

    const [file] = [...(await placeCredentials(found, scratch)).values()];
    t.is(await readFile(file!, 'utf8'), [...found.values()][0]!);
    t.is((await stat(file!)).mode & 0o777, 0o600);

    const marked = withCredentials(plan, found);
    const [group] = marked.groups;
    const text = layerDockerfile(marked, group!, group!.layers.find(({ install }) => install !== undefined)!);
    t.regex(text, /^RUN --mount=type=secret,id=apt-credentials,target=\/run\/secrets\/apt-credentials set -eu;/m);
    t.regex(text, /-o Dir::Etc::netrc=\/run\/secrets\/apt-credentials/);
    t.false(text.includes(SECRET));
    const script = buildScript(marked);
    t.regex(script, /--secret "id=apt-credentials,src=\$APT_CREDENTIALS"/);
    t.regex(script, /\(export DOCKER_BUILDKIT=1; build /);
    t.false(script.includes(SECRET));
    t.notRegex(buildScript(plan), /APT_CREDENTIALS|DOCKER_BUILDKIT/);
    await machines[0]!.spool!.close();
  });
});
