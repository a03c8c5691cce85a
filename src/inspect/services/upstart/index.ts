import { joinPath } from '../../../model/path.js';
import { type FoundService, NO_FINDINGS, readText, type ServiceContext, type ServiceReader } from '../context.js';
import { missingProgram } from '../found.js';
import { bootLevel, runLevelServices } from '../sysvinit/index.js';
import { type Event, type Expression, isFulfilled, parseExpression } from './events.js';
import { canRun, isTask, readJob, startCondition, type UpstartJob } from './job.js';
import { parseJobFile } from './job-file.js';

const FOLDER = '/etc/init';
const MAX_JOBS = 3000;

export const upstart: ServiceReader = {
  name: 'upstart',
  paths: [FOLDER, '/etc/default', '/etc/init.d'],
  async read(context) {
    if (context.init !== 'upstart') return NO_FINDINGS;
    const jobs = await readJobs(context);
    const level = bootLevel(context.kernelArguments, await defaultLevel(context, jobs));
    const started = startedJobs(jobs, level);
    const services: FoundService[] = [];
    for (const job of jobs) {
      const service = await readJob(context, job);
      const isStarted = started.has(job.name);
      if (isStarted && missingProgram(context.fs, service.command) !== null && isTask(job)) services.push(service);
      else services.push({ ...service, enabled: isStarted && canRun(context, service) });
    }
    const names = new Set(jobs.map(({ name }) => name));
    // A script of a job's name is only a link to the job, or leaves the start to it.
    const scripts = (await runLevelServices(context, level)).filter(
      ({ name, definition }) => !names.has(name) && !isJobLink(context, definition),
    );
    return { ...NO_FINDINGS, services: [...services, ...scripts] };
  },
};

async function readJobs(context: ServiceContext): Promise<UpstartJob[]> {
  const jobs: UpstartJob[] = [];
  const visit = async (folder: string, prefix: string, depth: number): Promise<void> => {
    for (const file of context.fs.list(folder)) {
      const path = joinPath(folder, file);
      if (depth < 3 && context.fs.stat(path)?.type === 'directory') await visit(path, `${prefix}${file}/`, depth + 1);
      if (!file.endsWith('.conf') || jobs.length >= MAX_JOBS) continue;
      const text = await readText(context, path);
      if (text === null) continue;
      const stem = file.slice(0, -'.conf'.length);
      const overridePath = joinPath(folder, `${stem}.override`);
      const override = await readText(context, overridePath);
      const stanzas = [...parseJobFile(text), ...parseJobFile(override ?? '')];
      jobs.push({ name: prefix + stem, path, overridePath: override === null ? null : overridePath, stanzas });
    }
  };
  await visit(FOLDER, '', 0);
  return jobs;
}

/** `initdefault` of inittab where there is one (Red Hat), else DEFAULT_RUNLEVEL of rc-sysinit (Ubuntu). */
async function defaultLevel(context: ServiceContext, jobs: readonly UpstartJob[]): Promise<string | null> {
  const inittab = /^[^#:\n]*:([0-6]):initdefault:/m.exec((await readText(context, '/etc/inittab')) ?? '');
  if (inittab !== null) return inittab[1]!;
  for (const { name, value } of jobs.find((job) => job.name === 'rc-sysinit')?.stanzas ?? []) {
    const match = name === 'env' ? /^DEFAULT_RUNLEVEL=([0-6])/.exec(value) : null;
    if (match !== null) return match[1]!;
  }
  return null;
}

/** Events that a boot without trouble emits by itself (upstart-events(7)), with the values that are sure. */
function bootEvents(level: string): Event[] {
  const plain = (name: string, environment: Readonly<Record<string, string>> = {}): Event => ({
    name,
    environment: new Map(Object.entries(environment)),
  });
  return [
    ...[
      'startup',
      'virtual-filesystems',
      'local-filesystems',
      'remote-filesystems',
      'all-swaps',
      'filesystem',
      'static-network-up',
      'mountall',
      'container-none',
      'not-container',
    ].map((name) => plain(name)),
    plain('net-device-up', { IFACE: 'lo' }),
    plain('net-device-up', { IFACE: 'eth0' }),
    plain('mounted', { MOUNTPOINT: '/' }),
    plain('container', { CONTAINER: '' }),
    plain('runlevel', { RUNLEVEL: level, PREVLEVEL: 'N' }),
  ];
}

/** Jobs whose `start on` is fulfilled; each that starts emits events of its own, so this goes on until nothing changes. */
function startedJobs(jobs: readonly UpstartJob[], level: string): Set<string> {
  const happened = new Map<string, Event[]>();
  const emit = (event: Event): void => {
    happened.set(event.name, [...(happened.get(event.name) ?? []), event]);
  };
  for (const event of bootEvents(level)) emit(event);
  const waiting = new Map<string, { job: UpstartJob; expression: Expression }>();
  for (const job of jobs) {
    const condition = startCondition(job);
    if (condition !== null) waiting.set(job.name, { job, expression: parseExpression(condition) });
  }
  const started = new Set<string>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, { job, expression }] of waiting) {
      if (!isFulfilled(expression, happened)) continue;
      waiting.delete(name);
      started.add(name);
      changed = true;
      const environment = new Map([['JOB', name]]);
      for (const event of ['starting', 'started', ...(isTask(job) ? ['stopping', 'stopped'] : [])]) {
        emit({
          name: event,
          environment: name === 'rc' ? new Map([...environment, ['RUNLEVEL', level]]) : environment,
        });
      }
    }
  }
  return started;
}

function isJobLink({ fs }: ServiceContext, path: string | null): boolean {
  return path !== null && /\/upstart-job$/.test(fs.lstat(path)?.target ?? '');
}
