import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Measurement {
  readonly title: string;
  readonly seconds: number;
  /** Peak resident memory of the process itself (not of its children), bytes. */
  readonly peakBytes: number;
}

const POLL_MS = 50;

/** Runs a command to its end with its output thrown away. @throws Error when it fails. */
export async function measure(
  title: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Measurement> {
  const started = process.hrtime.bigint();
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-4000);
  });
  let peakBytes = 0;
  const poll = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakMemory(child.pid!));
  }, POLL_MS);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearInterval(poll);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${words}`);
  return { title, seconds: Number(process.hrtime.bigint() - started) / 1e9, peakBytes };
}

function peakMemory(pid: number): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** One comparison as lines: what, how long, and the ratio of the first to the second. */
export function compare(ours: Measurement, peer: Measurement, aim: number): string {
  const ratio = ours.seconds / peer.seconds;
  const line = (item: Measurement): string =>
    `  ${item.title.padEnd(44)} ${item.seconds.toFixed(2).padStart(8)} s  ${(item.peakBytes / 2 ** 20).toFixed(0).padStart(5)} MiB`;
  return [
    line(ours),
    line(peer),
    `  ratio ${ratio.toFixed(3)}${aim === Number.POSITIVE_INFINITY ? '' : ` (aim: at most ${aim})`}`,
  ].join('\n');
}
