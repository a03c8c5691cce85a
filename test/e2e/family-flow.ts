import { execFile, execFileSync } from 'node:child_process';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join, normalize } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { workplace } from './engines.js';

const execute = promisify(execFile);

/** Packages, repositories, bases and guests of one family, as a recipe of `images/families` makes them. */
export interface Family {
  readonly recipe: string;
  /** Where the recipe puts everything: `repo`, `base-*.tar`, `guest-*`. */
  readonly work: string;
  /** Guests and bases name this port as the one of their repositories. */
  readonly port: number;
  /** What the recipe makes last. */
  readonly last: string;
  /** A command that lists the installed packages, one a line, in a root and in an image alike. */
  readonly query: readonly string[];
  readonly isPackage: (line: string) => boolean;
  /** Whether the program that lists can open every machine's own database: Debian's rpm cannot. */
  readonly opensEveryForm: boolean;
}

/** Makes what is not there, and serves the repositories until the server is closed. */
export async function prepareFamily({ recipe, work, port, last }: Family): Promise<Server> {
  if (!existsSync(join(work, last))) {
    await execute(recipe, [work, `http://127.0.0.1:${port}`], { maxBuffer: 1 << 26 });
  }
  const server = createServer((request, response) => {
    const file = join(work, 'repo', normalize(decodeURIComponent(new URL(request.url!, 'http://x').pathname)));
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-length': statSync(file).size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return server;
}

interface Report {
  readonly vms: readonly [
    { readonly packages: { readonly installed: readonly { name: string }[]; toInstall: readonly string[] } },
  ];
  readonly groups: readonly [
    {
      readonly layers: readonly {
        readonly id: string;
        readonly kind: string;
        readonly mode?: string;
        readonly packages: readonly string[];
      }[];
      readonly metrics: readonly { basis: string; beta: number; di3: number; phi3: number; chi: number }[];
    },
  ];
}

export interface FlowCase {
  /** The machine's name in the output. */
  readonly machine: string;
  readonly disk: string;
  /** The root that the disk was made of. */
  readonly root: string;
  readonly options: readonly string[];
  /** What the Dockerfile says where it installs; null when nothing is installed. */
  readonly installs: RegExp | null;
  /** Packages that no repository has in the machine's version: they are not in the image of packages. */
  readonly fromDisk?: readonly string[];
}

/** Converts with buildah, verifies, and has programs of others look at what came out. */
export async function convertAndCompare(
  t: ExecutionContext,
  family: Family,
  { machine, disk, root, options, installs, fromDisk = [] }: FlowCase,
): Promise<void> {
  const output = `${family.work}/out`;
  const place = workplace(`flow-${machine}`);
  const env = { ...process.env, ...place.environment };
  const args = ['convert', `${machine}=${disk}`, '--output', output, '--engine', 'buildah', '--verify'];
  try {
    const converted = await execute(
      'node',
      ['--import=tsx', 'bin/dev.js', ...args, '--reader', 'native', '--json', ...options],
      { maxBuffer: 1 << 28, env },
    ).catch((error: { stdout: string; stderr: string }) => error);
    const exitCode = (converted as { code?: number }).code ?? 0;
    if (exitCode !== 0) t.log(converted.stderr.slice(-3000), differencesOf(converted.stdout));
    t.is(exitCode, 0);
    const report = JSON.parse(await readFile(`${output}/report.json`, 'utf8')) as Report;
    const [group] = report.groups;
    const installing = group.layers.filter(({ mode }) => mode === 'install');
    t.is(installing.length > 0, installs !== null);
    const guest = listOfRoot(family, root);
    t.true(guest.length > 0);
    for (const { id } of installing) {
      t.regex(await readFile(`${output}/layers/${id}/Dockerfile`, 'utf8'), installs!);
      // The set that the package manager made is the guest's before any file of the disk is laid on it.
      const expected = guest.filter((line) => !fromDisk.includes(line.split(' ')[0]!));
      t.is(guest.length - expected.length, fromDisk.length);
      t.deepEqual(listOfImage(family, `vm2docker/${id}`, env), expected);
    }
    if (family.opensEveryForm) t.deepEqual(listOfImage(family, `vm2docker/${machine}`, env), guest);
    const measured = group.metrics.find(({ basis }) => basis === 'built')!;
    t.log(
      `beta ${measured.beta}, DI3 ${measured.di3}, phi3/beta ${(measured.phi3 / measured.beta).toFixed(3)}, chi ${measured.chi.toFixed(1)} %`,
      `named ${report.vms[0].packages.toInstall.length} of ${report.vms[0].packages.installed.length}`,
    );
    t.is(await compareLayers(family.work, disk, machine, `${output}/report.json`, env), '');
  } finally {
    await place.remove();
    await rm(output, { recursive: true, force: true });
  }
}

/** The first of the differences that `--verify` found, one a line. */
function differencesOf(json: string): string {
  const found = [...json.matchAll(/\{\s*"path": "[^"]*",\s*"kind": "[^"]*"[^}]*\}/g)];
  return found
    .slice(0, 40)
    .map(([text]) => text.replace(/\s+/g, ' '))
    .join('\n');
}

/** What the package manager itself says of an image. */
function listOfImage(family: Family, tag: string, env: NodeJS.ProcessEnv): string[] {
  const buildah = (...args: string[]): string => execFileSync('buildah', args, { encoding: 'utf8', env }).trim();
  const container = buildah('from', '--pull=never', tag);
  try {
    // `buildah run` once gave the beginning of an answer on a busy host, and said that all was well.
    return listOfRoot(family, buildah('mount', container));
  } finally {
    buildah('rm', container);
  }
}

function listOfRoot({ query, isPackage }: Family, root: string): string[] {
  return lines(execFileSync('chroot', [root, ...query], { encoding: 'utf8', stdio: 'pipe' })).filter(isPackage);
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** The comparison that shares no code with the tool; empty when nothing differs. */
async function compareLayers(
  work: string,
  disk: string,
  machine: string,
  report: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const [layout, mount] = [`${work}/layout`, `${work}/mnt`];
  await mkdir(mount, { recursive: true });
  await execute('buildah', ['push', `vm2docker/${machine}`, `oci:${layout}`], { env });
  await execute('mount', ['-o', 'loop,ro', disk, mount]);
  try {
    await execute('python3', ['test/e2e/compare-layers.py', layout, mount, report, machine], { maxBuffer: 1 << 26 });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout.slice(0, 4000);
  } finally {
    await execute('umount', [mount]);
    await rm(layout, { recursive: true, force: true });
  }
}
