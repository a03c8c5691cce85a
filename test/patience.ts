import type { ExecutionContext } from 'ava';

const LIMIT_SECONDS = 60;

/**
 * Does work on input that is made to last, and fails when it took far longer than any honest way would: steps that grow
 * as the square of the input, or worse. Counted is the processor time of this process, which a busy host does not
 * change; how fast the work is, test/bench tells.
 */
export async function endsSoon<Result>(t: ExecutionContext, work: () => Result | Promise<Result>): Promise<Result> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  t.true(seconds < LIMIT_SECONDS, `it took ${seconds.toFixed(1)} s of processor time`);
  return result;
}
