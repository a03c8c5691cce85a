import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { pack } from 'tar-stream';
import { silentProgress } from '../../src/model/progress.js';
import { openSavedImage } from '../../src/pipeline/build-saved-image.js';
import { EMPTY_SNAPSHOT, snapshotOf } from '../../src/pipeline/build-snapshot.js';
import { inScratch } from '../commands/cli.js';

const options = { known: EMPTY_SNAPSHOT, machine: 'x', progress: silentProgress, signal: new AbortController().signal };

async function tarOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  return Buffer.concat(await Readable.from(archive).toArray());
}

const digestOf = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

async function writeLayout(folder: string, layers: readonly Buffer[], diffIds: readonly string[]): Promise<void> {
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  const put = async (data: Buffer): Promise<{ digest: string }> => {
    await writeFile(join(folder, 'blobs/sha256', digestOf(data)), data);
    return { digest: `sha256:${digestOf(data)}` };
  };
  const putJson = (value: unknown) => put(Buffer.from(JSON.stringify(value)));
  const descriptors = [];
  for (const layer of layers) descriptors.push(await put(layer));
  const config = await putJson({ rootfs: { diff_ids: diffIds } });
  const manifest = await putJson({ config, layers: descriptors });
  await writeFile(join(folder, 'index.json'), JSON.stringify({ manifests: [manifest] }));
}

test('a folder in OCI layout is read, layers compressed and not', async (t) => {
  await inScratch(async (scratch) => {
    const [lower, upper] = [await tarOf({ 'a/b': 'one', c: 'two' }), await tarOf({ 'a/.wh.b': '', d: 'three' })];
    await writeLayout(scratch, [gzipSync(lower), upper], [digestOf(lower), digestOf(upper)]);
    const image = await openSavedImage({ kind: 'oci', path: scratch, name: null });
    const { tree, layers } = await snapshotOf(image, options);
    t.deepEqual([...tree.keys()], ['/', '/c', '/d']);
    t.deepEqual(
      layers.map(({ size, tar }) => [size, tar]),
      [
        [6, lower.length],
        [5, upper.length],
      ],
    );
  });
});

test('layers packed with zstd are read, in several frames and with ones to pass over; damage is told', async (t) => {
  await inScratch(async (scratch) => {
    const layer = await tarOf({ a: 'one', b: Buffer.alloc(300_000, 'zstd') });
    const packed = (data: Buffer): Buffer => execFileSync('zstd', ['-c', '-q'], { input: data });
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const frames = [skippable, packed(layer.subarray(0, 1000)), packed(layer.subarray(1000))];
    await writeLayout(scratch, [Buffer.concat(frames)], [digestOf(layer)]);
    const image = await openSavedImage({ kind: 'oci', path: scratch, name: null });
    const { tree, layers } = await snapshotOf(image, options);
    t.deepEqual([...tree.keys()], ['/', '/a', '/b']);
    t.is(layers[0]?.tar, layer.length);
    const folder = join(scratch, 'cut');
    await writeLayout(folder, [packed(layer).subarray(0, 40)], [digestOf(layer)]);
    const cut = await openSavedImage({ kind: 'oci', path: folder, name: null });
    await t.throwsAsync(snapshotOf(cut, options), { name: 'AppError', message: /zstd could not unpack/ });
  });
});

test('an OCI layout in an archive is read where it lies', async (t) => {
  await inScratch(async (scratch) => {
    const folder = join(scratch, 'layout');
    const layer = await tarOf({ a: 'one' });
    await writeLayout(folder, [gzipSync(layer)], [digestOf(layer)]);
    execFileSync('tar', ['-C', folder, '-cf', join(scratch, 'image.tar'), '.']);
    const image = await openSavedImage({ kind: 'oci-archive', path: join(scratch, 'image.tar'), name: null });
    t.deepEqual([...(await snapshotOf(image, options)).tree.keys()], ['/', '/a']);
  });
});

test('layers that a known image begins with are not read again', async (t) => {
  await inScratch(async (scratch) => {
    const [lower, upper] = [await tarOf({ a: 'one' }), await tarOf({ b: 'two' })];
    await writeLayout(scratch, [lower, upper], ['lower', 'upper']);
    const image = await openSavedImage({ kind: 'oci', path: scratch, name: null });
    const unreadable = {
      digest: 'lower',
      open: () => {
        throw new Error('was read');
      },
    };
    const known = await snapshotOf({ layers: image.layers.slice(0, 1) }, options);
    const { tree } = await snapshotOf({ layers: [unreadable, image.layers[1]!] }, { ...options, known });
    t.deepEqual([...tree.keys()], ['/', '/a', '/b']);
  });
});

const told = test.macro({
  exec: async (t, config: Readonly<Record<string, unknown>>, isOfDocker: boolean) => {
    await inScratch(async (scratch) => {
      const file = join(scratch, 'image.tar');
      const whole = JSON.stringify({ rootfs: { diff_ids: [] }, ...config });
      const manifest = JSON.stringify([{ Config: 'config.json', Layers: [] }]);
      await writeFile(file, await tarOf({ 'config.json': whole, 'manifest.json': manifest }));
      t.is((await openSavedImage({ kind: 'docker-archive', path: file })).isOfDocker, isOfDocker);
    });
  },
  title: (what) => `the configuration tells whether Docker built the image: ${what}`,
});
const COMMENT = 'buildkit.dockerfile.v0';
test('the classic builder', told, { docker_version: '20.10.24+dfsg1', history: [{ created_by: 'ADD' }] }, true);
test('BuildKit', told, { history: [{ created_by: 'ADD', comment: COMMENT }] }, true);
test('buildah', told, { docker_version: '', history: [{ created_by: 'ADD', comment: 'FROM base' }] }, false);
test('nothing that could tell', told, { history: 'none' }, false);

test('an archive of docker save is read where it lies', async (t) => {
  await inScratch(async (scratch) => {
    const file = join(scratch, 'image.tar');
    const layer = await tarOf({ a: 'one' });
    await writeFile(
      file,
      await tarOf({
        'abc/layer.tar': layer,
        'config.json': JSON.stringify({ rootfs: { diff_ids: ['sha256:x'] } }),
        'manifest.json': JSON.stringify([{ Config: 'config.json', Layers: ['abc/layer.tar'] }]),
      }),
    );
    const { tree } = await snapshotOf(await openSavedImage({ kind: 'docker-archive', path: file }), options);
    t.deepEqual([...tree.keys()], ['/', '/a']);
  });
});

const refused = test.macro(async (t, files: Readonly<Record<string, string>>, message: RegExp) => {
  await inScratch(async (scratch) => {
    const file = join(scratch, 'image.tar');
    await writeFile(file, await tarOf(files));
    await t.throwsAsync(openSavedImage({ kind: 'docker-archive', path: file }), { name: 'AppError', message });
  });
});

test('an archive without a manifest is refused', refused, { a: '' }, /manifest\.json is missing/);
test(
  'an archive that names what it lacks is refused',
  refused,
  {
    'manifest.json': JSON.stringify([{ Config: 'c', Layers: ['../../etc/passwd'] }]),
  },
  /is missing in it/,
);
test('a manifest that is no JSON is refused', refused, { 'manifest.json': '{' }, /cannot be read/);
test(
  'a configuration with another number of layers is refused',
  refused,
  {
    'manifest.json': JSON.stringify([{ Config: 'c', Layers: [] }]),
    c: JSON.stringify({ rootfs: { diff_ids: ['x'] } }),
  },
  /do not agree/,
);

test('a digest that is a path is refused', async (t) => {
  await inScratch(async (scratch) => {
    await writeFile(
      join(scratch, 'index.json'),
      JSON.stringify({ manifests: [{ digest: 'sha256:../../etc/passwd' }] }),
    );
    await t.throwsAsync(openSavedImage({ kind: 'oci', path: scratch, name: null }), { message: /digest/ });
  });
});

test('an image that is not there is missing, not invalid', async (t) => {
  for (const kind of ['oci', 'docker-archive'] as const) {
    const place = kind === 'oci' ? { kind, path: '/nowhere', name: null } : { kind, path: '/nowhere' };
    await t.throwsAsync(openSavedImage(place), { name: 'AppError', message: /there is no image/ });
  }
});
