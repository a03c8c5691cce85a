import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { SMALL_DISK } from '../commands/cli.js';
import { runTool, startTool, type Workplace, workplace } from './engines.js';

/** `kill -9` at ten moments of a conversion with buildah, each followed by the same command. */

const KILLS = 10;
const DEADLINE_MS = 30_000;
const COMMAND = [
  ...['convert', SMALL_DISK, '--reader', 'native', '--exclude', '/srv/sparse', '--engine', 'buildah', '--verify'],
  ...['--base-image', 'scratch', '--packages', 'disk'],
];

test('after kill -9 at ten random moments finished steps keep their digests, and the delta is that of an undisturbed run', async (t) => {
  const [calm, hurt] = [workplace('calm'), workplace('hurt')];
  t.teardown(() => calm.remove());
  t.teardown(() => hurt.remove());
  const started = Date.now();
  const undisturbed = await runTool([...COMMAND, '-o', join(calm.folder, 'out')], calm.environment);
  const took = Date.now() - started;
  t.is(undisturbed.status, 0, undisturbed.stderr);

  // One in each tenth of the time, so that every kind of step is hit.
  const finished = new Map<string, string>();
  for (let number = 0; number < KILLS; number += 1) {
    const after = Math.round(((number + Math.random()) / KILLS) * took * 0.9);
    const attempt = startTool([...COMMAND, '-o', join(hurt.folder, 'place/out')], hurt.environment);
    const timer = setTimeout(() => attempt.child.kill('SIGKILL'), after);
    const status = await attempt.status;
    clearTimeout(timer);
    const last = attempt.stderr().trimEnd().split('\n').at(-1);
    t.log(`after ${(after / 1000).toFixed(1)} s (${status === null ? 'killed' : `ended with ${status}`}): ${last}`);
    if (status !== null) {
      t.is(status, 0, attempt.stderr());
      rmSync(join(hurt.folder, 'place/out'), { recursive: true, force: true });
    }
    t.true(await within(DEADLINE_MS, () => processesOf(hurt).length === 0), processesOf(hurt).join('\n'));
    t.true(await within(DEADLINE_MS, () => leftIn(hurt).length === 0), leftIn(hurt).join('\n'));
    const images = imagesOf(hurt);
    for (const [tag, layers] of finished) t.is(images.get(tag), layers, `${tag} was finished before`);
    for (const [tag, layers] of images) finished.set(tag, layers);
  }
  t.true(finished.size > 0, 'no kill came after a finished step');

  const last = await runTool([...COMMAND, '-o', join(hurt.folder, 'place/out')], hurt.environment);
  t.is(last.status, 0, last.stderr);
  t.regex(last.stdout, /identical: the image is the machine/);
  const images = imagesOf(hurt);
  for (const [tag, layers] of finished) t.is(images.get(tag), layers);
  t.deepEqual(images, imagesOf(calm));
  for (const file of ['vms/small/delta.tar', 'vms/small/deletions', 'vms/small/Dockerfile']) {
    t.is(digest(join(hurt.folder, 'place/out', file)), digest(join(calm.folder, 'out', file)), file);
  }
});

/** Digests of the layers of every image that has a name. */
function imagesOf({ environment }: Workplace): Map<string, string> {
  const env = { ...process.env, ...environment };
  const ask = (...args: string[]): string => execFileSync('buildah', args, { env, encoding: 'utf8' });
  const listed = JSON.parse(ask('images', '--json')) as { names?: string[] | null }[];
  const tags = (listed ?? []).flatMap(({ names }) => names ?? []).sort();
  return new Map(
    tags.map((tag) => {
      const { OCIv1 } = JSON.parse(ask('inspect', '--type', 'image', tag)) as {
        OCIv1: { rootfs: { diff_ids: string[] } };
      };
      return [tag, OCIv1.rootfs.diff_ids.join(' ')];
    }),
  );
}

/** What still runs with the environment of the tool. */
function processesOf({ environment }: Workplace): string[] {
  const mark = `CONTAINERS_STORAGE_CONF=${environment.CONTAINERS_STORAGE_CONF}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(mark);
      } catch {
        return false;
      }
    })
    .map((name) => `${name} ${readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ')}`);
}

function leftIn({ folder }: Workplace): string[] {
  try {
    return readdirSync(join(folder, 'place'));
  } catch {
    return [];
  }
}

async function within(milliseconds: number, isSo: () => boolean): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; ; ) {
    if (isSo()) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function digest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
