import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Engine } from '../../src/engine/engine.js';
import { restoreRoot } from '../../src/pipeline/restore-root.js';
import { inScratch } from '../commands/cli.js';

const ROOT = Buffer.from('an archive of a root');
const OTHER = Buffer.from('another layer');
const digestOf = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** An engine that saves an image of these layers; of the first, the digest may be another's. */
function engineOf(layers: readonly Buffer[], digest = digestOf(layers[0]!)): Engine {
  return {
    name: 'buildah',
    async save(_reference: string, folder: string) {
      const path = join(folder, 'layout');
      await mkdir(join(path, 'blobs/sha256'), { recursive: true });
      const put = async (data: Buffer): Promise<{ digest: string }> => {
        await writeFile(join(path, 'blobs/sha256', digestOf(data)), data);
        return { digest: `sha256:${digestOf(data)}` };
      };
      const putJson = (value: unknown) => put(Buffer.from(JSON.stringify(value)));
      const descriptors = [];
      for (const layer of layers) descriptors.push(await put(layer));
      const ids = [digest, ...layers.slice(1).map(digestOf)].map((each) => `sha256:${each}`);
      const config = await putJson({ rootfs: { diff_ids: ids } });
      const manifest = await putJson({ config, layers: descriptors });
      await writeFile(join(path, 'index.json'), JSON.stringify({ manifests: [manifest] }));
      return { kind: 'oci', path, name: null };
    },
  } as unknown as Engine;
}

test('the root of a base that is built already is the layer of its image, and nothing else stays', async (t) => {
  await inScratch(async (scratch) => {
    const options = { log: () => {}, signal: new AbortController().signal, workFolder: scratch };
    const target = join(scratch, 'base/os/rootfs.tar');
    await restoreRoot(engineOf([ROOT]), 'base', target, options);
    t.deepEqual(await readFile(target), ROOT);

    for (const [engine, message] of [
      [engineOf([ROOT, OTHER]), /is not of one layer/],
      [engineOf([ROOT], digestOf(OTHER)), /is damaged/],
    ] as const) {
      await t.throwsAsync(restoreRoot(engine, 'base', join(scratch, 'base/os/bad.tar'), options), {
        name: 'AppError',
        message,
      });
    }
    t.deepEqual(await readdir(join(scratch, 'base/os')), ['rootfs.tar']);
    t.deepEqual(await readdir(scratch), ['base']);
  });
});
