import { randomBytes } from 'node:crypto';
import { existsSync, readlinkSync } from 'node:fs';
import * as buildah from '../tools/buildah.js';
import { run } from '../tools/run.js';
import type { CallOptions } from './engine.js';
import { engineFailure } from './failures.js';
import { CALL_TIMEOUT_MS, QUERY_TIMEOUT_MS } from './timeouts.js';
import type { Workbench, WorkbenchRequest } from './workbench.js';

/** Buildah's containers are no processes: one that nobody removes stays, and keeps its image. */
const PREFIX = 'vm2docker-workbench';

/** A container that tells in its name whose it is, so that a later run can remove it where its own was killed. */
export async function buildahWorkbench(
  { reference, mounts }: WorkbenchRequest,
  { signal, environment = {} }: CallOptions,
): Promise<Workbench> {
  await removeForsaken();
  const setting = { timeoutMs: CALL_TIMEOUT_MS, signal, environment };
  const name = `${PREFIX}-${processNamespace()}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const begun = await run('buildah', buildah.fromArguments(reference, name), setting);
  if (begun.exitCode !== 0) throw engineFailure('buildah', `start ${reference}`, begun.stderr.split('\n'));
  const container = begun.stdout.trim();
  let isOpen = true;
  return {
    run: (script) => run('buildah', buildah.shellArguments(container, mounts), { ...setting, input: script }),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await run('buildah', buildah.removeArguments(container), { timeoutMs: QUERY_TIMEOUT_MS });
    },
  };
}

/** Numbers of processes mean nothing in another namespace (pid_namespaces(7)). */
function processNamespace(): string {
  return /[0-9]+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}

async function removeForsaken(): Promise<void> {
  const { stdout } = await run('buildah', buildah.containerNamesArguments(), { timeoutMs: QUERY_TIMEOUT_MS });
  for (const name of forsaken(stdout, processNamespace(), (pid) => existsSync(`/proc/${pid}`))) {
    await run('buildah', buildah.removeArguments(name), { timeoutMs: QUERY_TIMEOUT_MS });
  }
}

/** @param listed Names of containers, one a line. */
export function forsaken(listed: string, namespace: string, isRunning: (pid: string) => boolean): string[] {
  const own = new RegExp(`^${PREFIX}-${namespace}-([0-9]+)-[0-9a-f]{8}$`);
  return listed
    .split('\n')
    .map((line) => line.trim())
    .filter((name) => {
      const pid = own.exec(name)?.[1];
      return pid !== undefined && !isRunning(pid);
    });
}
