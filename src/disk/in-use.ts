import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Problem } from '../model/evidence.js';

/**
 * The marks that VMware leaves beside a disk or a configuration that is not at rest: `NAME.lck` of a machine that runs
 * (or ran when the files were copied), `*.vmss` of one that is suspended.
 */
export async function marksOfUse(realPath: string, shown: string): Promise<Problem[]> {
  const name = basename(realPath);
  // One folder for each machine is VMware's rule, but several may share one: the names must fit.
  const machine = name.replace(/\.(?:vmx|vmdk)$/i, '').replace(/-\d{6}$/, '');
  const names = await readdir(dirname(realPath)).catch((): string[] => []);
  const problems: Problem[] = [];
  if (names.includes(`${name}.lck`)) {
    problems.push({
      code: 'disk-locked',
      path: shown,
      reason: `${name}.lck lies beside it: the machine may be running, and then its files are caught in the middle of a change`,
    });
  }
  const memory = names.sort().find((other) => /\.vmss$/i.test(other) && other.startsWith(machine));
  if (memory !== undefined) {
    problems.push({
      code: 'machine-suspended',
      path: shown,
      reason: `${memory} lies beside it: the machine may be suspended, with writes in memory that are not on the disk`,
    });
  }
  return problems;
}
