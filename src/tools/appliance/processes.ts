import { readdir, readFile } from 'node:fs/promises';

/** Processes as proc(5) shows them. */

/** The process and all below it, parents first. */
export async function withDescendants(pid: number): Promise<number[]> {
  const found = [pid];
  for (const task of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const children = await readFile(`/proc/${pid}/task/${task}/children`, 'latin1').catch(() => '');
    for (const child of children.split(' ').filter((word) => word !== '')) {
      found.push(...(await withDescendants(Number(child))));
    }
  }
  return found;
}

export async function untilGone(pid: number, limitMs: number): Promise<void> {
  for (const end = Date.now() + limitMs; Date.now() < end; await pause(25)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    if (stat === '' || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')) return;
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended by itself
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
