import { availableParallelism, freemem } from 'node:os';

/** What reading one machine may take: an appliance, or the metadata and digests of a large machine. */
const BYTES_PER_JOB = 1_500_000_000;

/** How many machines are read at once unless the user says: no more than cores, and than fit into free memory. */
export function defaultJobs(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / BYTES_PER_JOB)));
}

/**
 * Results in the order of the items, at most `limit` actions at a time. After a failure no further action begins, and
 * the failure is thrown when those that run have ended, so that nothing goes on behind the caller's back.
 */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  limit: number,
  action: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next;
      next += 1;
      try {
        results[index] = await action(items[index]!, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(limit, items.length)) }, work));
  if (failures.length > 0) throw failures[0];
  return results;
}
