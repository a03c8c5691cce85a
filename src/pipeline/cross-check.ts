import { AppError } from '../errors.js';
import type { Guest, GuestOptions } from '../guest/guest.js';
import { compareGuests } from '../guest/native/compare-guests.js';
import { openGuest } from '../guest/open-guest.js';
import type { Problem } from '../model/evidence.js';
import type { MachineSource } from '../model/machine.js';
import type { Progress } from '../model/progress.js';

export interface CrossCheckOptions extends GuestOptions {
  readonly progress: Progress;
}

const MAX_DIFFERENCES = 1000;

/**
 * Reads the machine once more with the reader that did not open it, all content included.
 * @returns A problem for each difference, and one that says so when there is no second reader for this machine.
 * @throws AppError `interrupted`; what else the second reader throws becomes a problem.
 */
export async function crossCheck(source: MachineSource, first: Guest, options: CrossCheckOptions): Promise<Problem[]> {
  const { reader } = first;
  if (reader !== 'native' && reader !== 'libguestfs')
    return [impossible(source, 'a folder or an archive is read in one way only')];
  const other = reader === 'native' ? 'libguestfs' : 'native';
  options.progress.step(source.name, `cross-checking with ${other}`);
  try {
    const second = await openGuest(source, { ...options, reader: other });
    try {
      return await differencesOf(first, second);
    } finally {
      await second.close();
    }
  } catch (error) {
    if (!(error instanceof AppError) || options.signal?.aborted) throw error;
    return [impossible(source, error.message)];
  }
}

/** Every difference between two readings of one machine, as a problem each. */
export async function differencesOf(first: Guest, second: Guest): Promise<Problem[]> {
  const differences = await compareGuests(first, second, MAX_DIFFERENCES);
  const problems = differences.map(
    ({ path, field, first: one, second: two }): Problem => ({
      code: 'readers-differ',
      path,
      reason: `${field}: ${first.reader} ${one}, ${second.reader} ${two}`,
    }),
  );
  if (problems.length < MAX_DIFFERENCES) return problems;
  return [...problems, { code: 'readers-differ', path: '/', reason: `no more than ${MAX_DIFFERENCES} are listed` }];
}

function impossible(source: MachineSource, reason: string): Problem {
  return { code: 'cross-check-impossible', path: source.argument, reason };
}
