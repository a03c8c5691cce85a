import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Engine, EngineImage } from '../../src/engine/index.js';
import { silentProgress } from '../../src/model/progress.js';
import { buildServices } from '../../src/pipeline/build-services.js';
import { createOutputFolder } from '../../src/pipeline/output-folder.js';
import { planMachines } from '../../src/plan/plan-machines.js';
import { DEFAULT_OPTIONS } from '../plan/machine.js';
import { machineWith, serviceOf } from '../render/compose/services.js';

/** Keeps what it is told to build; everything else it does is an error. */
function engineWith(images: Map<string, EngineImage>): { engine: Engine; built: string[]; texts: string[] } {
  const [built, texts]: [string[], string[]] = [[], []];
  const engine: Pick<Engine, 'name' | 'image' | 'build'> = {
    name: 'docker',
    image: async (reference) => images.get(reference) ?? null,
    async build({ tag, folder, labels, needsNetwork }) {
      if (needsNetwork) throw new Error('no network is needed');
      built.push(tag);
      texts.push(await readFile(join(folder, 'Dockerfile'), 'utf8'));
      images.set(tag, { digest: tag, layers: ['sha256:below', tag], labels });
    },
  };
  return { engine: engine as Engine, built, texts };
}

test('the images of services are built once, and again when what lies below has changed', async (t) => {
  const scratch = await mkdtemp(join(tmpdir(), 'services-'));
  const plan = planMachines([machineWith([serviceOf('a'), serviceOf('b')])], DEFAULT_OPTIONS);
  const output = await createOutputFolder(join(scratch, 'out'));
  const images = new Map<string, EngineImage>([
    ['vm2docker/web', { digest: 'a', layers: ['sha256:below'], labels: {} }],
  ]);
  const { engine, built, texts } = engineWith(images);
  const { signal } = new AbortController();
  const options = {
    engine,
    output,
    log: () => {},
    environment: {},
    progress: silentProgress,
    signal,
    showSecrets: false,
  };
  try {
    await buildServices(plan, { ...options, fresh: false });
    const all = ['vm2docker/web-net', 'vm2docker/web-a', 'vm2docker/web-b'];
    t.deepEqual(built, all);
    for (const text of texts) t.regex(text, /^FROM vm2docker\/web$/m);
    await buildServices(plan, { ...options, fresh: false });
    t.deepEqual(built, all);
    images.set('vm2docker/web', { digest: 'b', layers: ['sha256:other'], labels: {} });
    await buildServices(plan, { ...options, fresh: false });
    t.deepEqual(built, [...all, ...all]);
    await buildServices(plan, { ...options, fresh: true });
    t.is(built.length, 9);
    images.delete('vm2docker/web');
    await t.throwsAsync(buildServices(plan, { ...options, fresh: false }), { message: /lost the image/ });
  } finally {
    await output.abandon();
    await rm(scratch, { recursive: true });
  }
});
