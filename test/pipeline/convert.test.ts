import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { buildahEngine } from '../../src/engine/buildah.js';
import { silentProgress } from '../../src/model/progress.js';
import { type ConvertRequest, convert } from '../../src/pipeline/convert.js';
import { verify } from '../../src/pipeline/verify.js';
import { programVersion } from '../../src/tools/versions.js';
import { inScratch, noSmallDisk, SMALL_DISK } from '../commands/cli.js';
import { workplace } from '../e2e/engines.js';

/** Why nothing can be built here, or null. */
const obstacle =
  noSmallDisk ??
  ((await programVersion('buildah')) === null ? 'buildah is not installed' : null) ??
  (process.getuid?.() === 0 ? null : 'numeric owners need root');

const context = { progress: silentProgress, signal: new AbortController().signal };

/** The engine's, so that nothing of the host's is taken or changed. */
const place = workplace('convert-test');
Object.assign(process.env, place.environment);

function requestFor(output: string): ConvertRequest {
  return {
    machines: [`convert-test=${SMALL_DISK}`],
    ...{ allowDirs: [], root: null, keys: [], reader: 'native', quick: false, hash: false },
    ...{ keep: new Set(), include: [], exclude: ['/srv/sparse'], showSecrets: false, options: {} },
    plan: { baseImage: 'scratch', baseRootfs: null, packages: 'disk', snapshot: null, levels: null },
    ...{
      output,
      engine: 'buildah',
      verify: true,
      strictTimes: true,
      diff: 'moved',
      fresh: false,
      push: null,
      allowSecrets: false,
    },
  };
}

const title = 'a machine is built with buildah, proved identical, built again from what is there, and edits are found';
(obstacle === null ? test.serial : test.serial.skip)(
  obstacle === null ? title : `${title} (skipped: ${obstacle})`,
  async (t) => {
    t.timeout(300_000);
    await inScratch(async (scratch) => {
      const request = requestFor(join(scratch, 'out'));
      const first = await convert(request, context);
      const [verification] = first.verifications;
      t.deepEqual(verification?.differences, []);
      t.is(verification?.verdict, 'identical');
      t.true(verification!.excluded.some(({ path }) => path === '/srv/sparse'));
      t.true(verification!.unrepresentable.length > 0);

      const [group] = first.plan.groups;
      for (const layer of group!.layers.filter(({ mode }) => mode === 'disk')) {
        t.is(first.built.get(layer.id)?.size, layer.size.predicted, layer.id);
      }
      t.deepEqual(
        group!.metrics.map(({ basis }) => basis),
        ['predicted', 'built'],
      );
      t.deepEqual((await readdir(scratch)).sort(), ['out']);
      t.regex(await readFile(join(scratch, 'out/build.log'), 'utf8'), /vm2docker\/convert-test/);

      const before = await buildahEngine.image('vm2docker/convert-test');
      await convert({ ...request, verify: false }, context);
      t.deepEqual(await buildahEngine.image('vm2docker/convert-test'), before);
      t.notRegex(await readFile(join(scratch, 'out/build.log'), 'utf8'), /STEP/);

      const edited = join(scratch, 'edited');
      await mkdir(edited);
      await writeFile(join(edited, 'passwd'), 'root:x:0:0::/:/bin/sh\n');
      await writeFile(
        join(edited, 'Dockerfile'),
        'FROM vm2docker/convert-test\nCOPY passwd /etc/passwd\nCOPY passwd /opt/more\n',
      );
      const options = { log: () => {}, signal: context.signal };
      await buildahEngine.build(
        { folder: edited, tag: 'vm2docker/convert-test-edited', labels: {}, needsNetwork: false },
        options,
      );
      const compared = await verify(
        { ...request, image: 'vm2docker/convert-test-edited', engine: 'buildah', strictTimes: false },
        context,
      );
      t.is(compared.verdict, 'different');
      t.deepEqual(
        compared.differences.map(({ path, kind }) => `${kind} ${path}`),
        ['content /etc/passwd', 'time /etc/passwd', 'extra /opt/more'],
      );
    });
  },
);

test.after.always(() => place.remove());
