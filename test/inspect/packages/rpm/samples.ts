import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';

/** Real databases, too large for the repository: they lie beside it, or the tests over them are skipped. */
const SAMPLES = new URL('../../../../../shared/guests/', import.meta.url).pathname;

const hasSamples = existsSync(SAMPLES);
const hasRpm = existsSync('/usr/bin/rpm');

export function sampleTest(title: string, body: (t: ExecutionContext) => Promise<void> | void): void {
  if (hasSamples) test(title, body);
  else test.skip(`${title} (skipped: no folder ../shared/guests)`, body);
}

/** As {@link sampleTest}, for what Debian's rpm is asked about too. */
export function oracleTest(title: string, body: (t: ExecutionContext) => Promise<void> | void): void {
  if (!hasSamples) test.skip(`${title} (skipped: no folder ../shared/guests)`, body);
  else if (!hasRpm) test.skip(`${title} (skipped: rpm is not installed)`, body);
  else test(title, body);
}

/** Content of a sample, decompressed when its name ends in `.xz`. */
export function sample(path: string): Buffer {
  const file = join(SAMPLES, path);
  return path.endsWith('.xz') ? execFileSync('xz', ['-dc', file], { maxBuffer: 2 ** 28 }) : readFileSync(file);
}

/** The fields of each line of a tab-separated sample. */
export function sampleTable(path: string): string[][] {
  return tableOf(sample(path).toString());
}

/** What `rpm -qa` prints of a copy of the database, in fields. */
export function queryRpm(name: string, content: Buffer, format: string): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'rpm-oracle-'));
  try {
    writeFileSync(join(folder, name), content);
    const options = { maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] as ('ignore' | 'pipe')[] };
    return tableOf(execFileSync('rpm', ['--dbpath', folder, '-qa', '--qf', format], options).toString());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The database that rpm makes of package files, in its own form; packages it refuses are left out. */
export function databaseOfPackages(folders: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'rpm-oracle-'));
  try {
    for (const each of folders) {
      for (const file of readdirSync(join(SAMPLES, each)).filter(
        (name) => /\.rpm/.test(name) && !/\.src\./.test(name),
      )) {
        const how = [
          '-i',
          '--justdb',
          '--nodeps',
          '--force',
          '--force-debian',
          '--ignorearch',
          '--ignoreos',
          '--nosignature',
          '--nodigest',
        ];
        spawnSync('rpm', ['--dbpath', folder, ...how, join(SAMPLES, each, file)], { stdio: 'ignore' });
      }
    }
    // Written back, so that the main file holds everything.
    execFileSync('rpmdb', ['--dbpath', folder, '--rebuilddb'], { stdio: 'ignore' });
    return readFileSync(join(folder, 'rpmdb.sqlite'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const hasDatabaseTools = existsSync('/usr/bin/db5.3_load');

/** The same hash as libdb writes it on a big-endian machine: numbers of headers turned around, too. */
export function bigEndianHash(content: Buffer): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'bdb-'));
  try {
    const [from, to] = [join(folder, 'little'), join(folder, 'big')];
    writeFileSync(from, content);
    const dump = execFileSync('db5.3_dump', [from], { maxBuffer: 2 ** 28 }).toString();
    let count = 0;
    const turned = dump
      .split('\n')
      .filter((line) => !/^(?:db_pagesize|h_nelem)=/.test(line))
      .map((line) => {
        if (!line.startsWith(' ')) return line;
        count += 1;
        return count % 2 === 1 ? ` ${Buffer.from(line.trim(), 'hex').reverse().toString('hex')}` : line;
      })
      .join('\n');
    execFileSync('db5.3_load', ['-c', 'db_lorder=4321', '-c', 'db_pagesize=4096', to], { input: turned });
    return readFileSync(to);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function tableOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}
