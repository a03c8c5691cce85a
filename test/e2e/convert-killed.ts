import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { SMALL_DISK } from '../commands/cli.js';
import { runTool, startTool, type Workplace, workplace } from './engines.js';

/** `kill -9` at ten moments of a conversion with buildah, one in each of ten steps, each followed by the same command. */

const KILLS = 10;
const DEADLINE_MS = 30_000;
const COMMAND = [
  ...['convert', SMALL_DISK, '--reader', 'native', '--exclude', '/srv/sparse', '--engine', 'buildah', '--verify'],
  ...['--base-image', 'scratch', '--packages', 'disk'],
];

test('after kill -9 at ten random moments finished steps keep their digests, and the delta is that of an undisturbed run', async (t) => {
  const [calm, hurt] = [workplace('calm'), withTemporary(workplace('hurt'))];
  t.teardown(() => calm.remove());
  t.teardown(() => hurt.remove());
  const undisturbed = startTool([...COMMAND, '-o', join(calm.folder, 'out')], calm.environment);
  const steps = await stepsOf(undisturbed);
  t.is(await undisturbed.status, 0, undisturbed.stderr());
  const moments = chooseMoments(steps);
  t.is(moments.length, KILLS);
  t.true(moments.filter(({ line }) => line.includes('building vm2docker/')).length >= 3);

  const finished = new Map<string, string>();
  for (const { line, milliseconds } of moments) {
    const after = Math.round(Math.random() * milliseconds);
    const attempt = startTool([...COMMAND, '-o', join(hurt.folder, 'place/out')], hurt.environment);
    killWithin(attempt, line, after);
    const status = await attempt.status;
    const last = attempt.stderr().trimEnd().split('\n').at(-1);
    t.log(`${after} ms into "${line}" (${status === null ? 'killed' : `ended with ${status}`}): ${last}`);
    // The step may have been short; what is left behind must be whole then.
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

interface Step {
  /** What the tool says when it begins. */
  readonly line: string;
  readonly milliseconds: number;
}

/** The steps of a run, in order and each once, with the time until the next one. */
async function stepsOf({ child, status, stderr }: ReturnType<typeof startTool>): Promise<Step[]> {
  const begun = new Map<string, number>();
  child.stderr.on('data', () => {
    for (const line of wholeLines(stderr()))
      if (!/: \d+ %$/.test(line) && !begun.has(line)) begun.set(line, Date.now());
  });
  await status;
  const ended = Date.now();
  const entries = [...begun];
  return entries.map(([line, time], number) => ({ line, milliseconds: (entries[number + 1]?.[1] ?? ended) - time }));
}

/** Every build, and of the other steps those that last longest; in order, so that none is finished when its turn comes. */
function chooseMoments(steps: readonly Step[]): Step[] {
  const weight = ({ line, milliseconds }: Step): number =>
    line.includes('building vm2docker/') ? Infinity : milliseconds;
  const chosen = new Set([...steps].sort((a, b) => (weight(a) < weight(b) ? 1 : -1)).slice(0, KILLS));
  return steps.filter((step) => chosen.has(step));
}

function killWithin({ child, stderr }: ReturnType<typeof startTool>, line: string, after: number): void {
  let isComing = false;
  child.stderr.on('data', () => {
    if (isComing || !wholeLines(stderr()).includes(line)) return;
    isComing = true;
    const timer = setTimeout(() => child.kill('SIGKILL'), after);
    child.once('close', () => clearTimeout(timer));
  });
}

function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

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
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(mark)) return [];
        return [`${name} ${readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ')}`];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}

/** What stays of a run beside its images, in the place of the output and in that for temporary files. */
function leftIn({ folder }: Workplace): string[] {
  return ['place', 'temporary'].flatMap((name) =>
    existsSync(join(folder, name)) ? readdirSync(join(folder, name)) : [],
  );
}

/** With a folder of its own for temporary files, since the host's has those of others. */
function withTemporary(place: Workplace): Workplace {
  const temporary = join(place.folder, 'temporary');
  mkdirSync(temporary);
  return { ...place, environment: { ...place.environment, TMPDIR: temporary } };
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
