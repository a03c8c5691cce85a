import { shellWords } from '../../../syntax/shell.js';
import type { FoundService, ServiceContext } from '../context.js';
import { emptyService, missingProgram, toRecord } from '../found.js';
import { mainLaunch, readScript } from '../script/index.js';
import { findProgram } from '../systemd/exec.js';
import type { Stanza } from './job-file.js';

export interface UpstartJob {
  readonly name: string;
  readonly path: string;
  readonly overridePath: string | null;
  /** Of the job file, then of its override; a later stanza of one name takes the place of earlier ones. */
  readonly stanzas: readonly Stanza[];
}

export function lastStanza(job: UpstartJob, name: string): Stanza | null {
  return job.stanzas.findLast((stanza) => stanza.name === name) ?? null;
}

/** `manual` after the last `start on` switches the job off. */
export function startCondition(job: UpstartJob): string | null {
  const at = job.stanzas.findLastIndex(({ name, value }) => name === 'start' && /^on\s/.test(value));
  if (at < 0 || job.stanzas.slice(at).some(({ name }) => name === 'manual')) return null;
  return job.stanzas[at]!.value.replace(/^on\s+/, '');
}

export function isTask(job: UpstartJob): boolean {
  return lastStanza(job, 'task') !== null;
}

/** The service of a job; null for jobs that run nothing and only stand for a state. */
export async function readJob(context: ServiceContext, job: UpstartJob): Promise<FoundService> {
  const value = (name: string): string | null => lastStanza(job, name)?.value ?? null;
  const environment = readVariables(job);
  const main = job.stanzas.findLast(({ name }) => name === 'exec' || name === 'script') ?? null;
  const expect = value('expect');
  const base: FoundService = {
    ...emptyService(job.name, 'upstart'),
    description: shellWords(value('description') ?? '')[0] ?? null,
    user: value('setuid') ?? 'root',
    group: value('setgid'),
    workingDirectory: value('chdir'),
    environment: toRecord(environment),
    limits: openFiles(job),
    restart: lastStanza(job, 'respawn') === null ? 'no' : 'always',
    stopSignal: killSignal(job),
    type: isTask(job) ? 'oneshot' : expect === 'fork' || expect === 'daemon' ? 'forking' : 'simple',
    evidence: [
      { path: job.path, ...(main === null ? {} : { line: main.line }) },
      ...(job.overridePath === null ? [] : [{ path: job.overridePath }]),
    ],
    definition: job.path,
  };
  if (main === null) return { ...base, type: 'oneshot', role: { role: 'system', reason: 'group' } };
  const blocked = await readPreStart(context, job, environment);
  const text = main.isScript ? main.value : `exec ${main.value}`;
  const result = await readScript(context, {
    path: job.path,
    text,
    parameters: ['/bin/sh'],
    variables: environment,
    firstLine: main.line,
  });
  const launch = mainLaunch(context, result, job.path);
  const command = launch?.command ?? (main.isScript ? ['/bin/sh', '-e', '-c', main.value] : shellWords(main.value));
  const refusal =
    blocked ??
    (result.failed !== null && launch === null
      ? { ...result.failed, reason: 'the script ends before it starts anything' }
      : null);
  return {
    ...base,
    command: command.length === 0 ? [] : [findProgram(context.fs, command[0]!), ...command.slice(1)],
    inferred: main.isScript,
    user: launch?.user ?? base.user,
    group: launch?.group ?? base.group,
    workingDirectory: launch?.workingDirectory ?? base.workingDirectory,
    ...(refusal === null ? {} : { blocked: refusal }),
  };
}

/** A pre-start that stops the job, or fails, keeps it from running. */
async function readPreStart(
  context: ServiceContext,
  job: UpstartJob,
  variables: ReadonlyMap<string, string>,
): Promise<FoundService['blocked'] | null> {
  const stanza = job.stanzas.findLast(({ name }) => name === 'pre-start script');
  if (stanza === undefined) return null;
  const { failed } = await readScript(context, {
    path: job.path,
    text: stanza.value,
    parameters: ['/bin/sh'],
    variables,
    firstLine: stanza.line,
  });
  return failed === null ? null : { path: failed.path, line: failed.line, reason: 'its pre-start stops the job' };
}

/** `env KEY=value`; a name without value is passed through from the event and is unknown here. */
function readVariables(job: UpstartJob): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { name, value } of job.stanzas) {
    const match = name === 'env' ? /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/.exec(value) : null;
    if (match !== null && variables.size < 1000) variables.set(match[1]!, shellWords(match[2]!).join(' '));
  }
  return variables;
}

function openFiles(job: UpstartJob): { openFiles?: number } {
  const limit = job.stanzas.findLast(({ name, value }) => name === 'limit' && value.startsWith('nofile'));
  const soft = /^nofile\s+([0-9]{1,12})/.exec(limit?.value ?? '')?.[1];
  return soft === undefined ? {} : { openFiles: Number(soft) };
}

function killSignal(job: UpstartJob): string | null {
  const stanza = job.stanzas.findLast(({ name, value }) => name === 'kill' && value.startsWith('signal'));
  const name = /^signal\s+(?:SIG)?([A-Z0-9]{1,10})/.exec(stanza?.value ?? '')?.[1];
  return name === undefined ? null : `SIG${name}`;
}

/** Whether the program is on the disk, and nothing stops the job before it. */
export function canRun(context: ServiceContext, service: FoundService): boolean {
  if (service.blocked !== undefined) {
    const { path, line, reason } = service.blocked;
    context.report('service-starts-nothing', path, `line ${line}: ${service.name}: ${reason}`);
    return false;
  }
  const missing = missingProgram(context.fs, service.command);
  if (missing === null) return true;
  context.report(
    'program-missing',
    service.definition ?? '/',
    `${service.name} would run ${missing}, which is not on the disk`,
  );
  return false;
}
