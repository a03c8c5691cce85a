import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A temporary folder of this process, for what engines keep. What a process of the same test that was killed left in one
 * goes first.
 * @param name Letters, digits and hyphens.
 */
export function ownFolder(name: string): string {
  const former = new RegExp(`^${name}-([0-9]+)-[A-Za-z0-9]{6}$`);
  for (const entry of readdirSync(tmpdir())) {
    const owner = former.exec(entry)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) removeOwnFolder(join(tmpdir(), entry));
  }
  return mkdtempSync(join(tmpdir(), `${name}-${process.pid}-`));
}

/** Engines leave parts of their storage and network namespaces mounted. */
export function removeOwnFolder(folder: string): void {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((point) => point.startsWith(`${folder}/`)).reverse())
    execFileSync('umount', ['--lazy', mount]);
  rmSync(folder, { recursive: true, force: true });
}
