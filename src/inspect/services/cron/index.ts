import { joinPath } from '../../../model/path.js';
import {
  type FoundJob,
  type FoundService,
  NO_FINDINGS,
  readText,
  type ServiceContext,
  type ServiceReader,
} from '../context.js';
import { runningPrograms } from '../started.js';
import { readAtJobs } from './at.js';
import { type RebootLine, readRebootLine } from './reboot.js';
import { parseCronLine, parseCronVariable } from './schedule.js';

/** Spools of user crontabs: Debian, Red Hat, SUSE, Alpine. */
const SPOOLS = [
  '/var/spool/cron/crontabs',
  '/var/spool/cron',
  '/var/spool/cron/tabs',
  '/etc/crontabs',
  '/var/cron/tabs',
];
const PERIODS = ['hourly', 'daily', 'weekly', 'monthly', '15min'] as const;
const MAX_JOBS = 10_000;
const MAX_BOOT_LINES = 200;

export const cron: ServiceReader = {
  name: 'cron',
  paths: [
    '/etc/crontab',
    '/etc/anacrontab',
    '/etc/cron.d',
    ...PERIODS.map((name) => `/etc/cron.${name}`),
    ...SPOOLS,
    '/etc/periodic',
    '/var/spool/at',
    '/var/spool/cron/atjobs',
  ],
  async read(context, earlier) {
    const daemons = runningPrograms(earlier, ['cron', 'crond', 'fcron', 'bcron-start', 'cronie']);
    const isBusyBox = earlier.some(({ enabled, name }) => enabled && name === 'crond');
    const isTimed = earlier.some(({ enabled, name }) => enabled && /^(?:cron\.target|systemd-cron)/.test(name));
    const jobs: FoundJob[] = [];
    const services: FoundService[] = [];
    if (daemons.length > 0 || isBusyBox || isTimed) {
      const { found, boots } = await readCrontabs(context);
      jobs.push(...found);
      for (const line of boots.slice(0, MAX_BOOT_LINES)) services.push(...(await readRebootLine(context, line)));
    } else if (
      SPOOLS.some((folder) => context.fs.list(folder).length > 0) ||
      context.fs.list('/etc/cron.d').length > 0
    ) {
      context.report(
        'cron-not-running',
        '/etc/cron.d',
        'the machine starts no cron daemon, so its crontabs are not jobs',
      );
    }
    if (runningPrograms(earlier, ['atd']).length > 0) jobs.push(...(await readAtJobs(context)));
    return { ...NO_FINDINGS, services, jobs: jobs.slice(0, MAX_JOBS) };
  },
};

async function readCrontabs(context: ServiceContext): Promise<{ found: FoundJob[]; boots: RebootLine[] }> {
  const jobs: FoundJob[] = [];
  const boots: RebootLine[] = [];
  const periodic = new Map<string, { schedule: string; cron: string | null }>();
  const files: [path: string, user: string | null][] = [['/etc/crontab', null]];
  for (const name of context.fs.list('/etc/cron.d')) {
    // Debian's cron takes names of letters, digits, _ and - only, Red Hat's all but these.
    if (
      !/^\.|~$|\.(?:dpkg-[a-z]+|rpm(?:save|new|orig)|bak|disabled|placeholder)$/.test(name) &&
      (!isDebianCron(context) || /^[A-Za-z0-9_-]+$/.test(name))
    ) {
      files.push([joinPath('/etc/cron.d', name), null]);
    }
  }
  for (const folder of SPOOLS) {
    for (const user of context.fs.list(folder)) {
      if (/^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/.test(user) && context.fs.lstat(joinPath(folder, user))?.type === 'file')
        files.push([joinPath(folder, user), user]);
    }
  }
  for (const [path, owner] of files) {
    const lines = ((await readText(context, path)) ?? '').split('\n');
    const variables = new Map<string, string>();
    lines.forEach((raw, index) => {
      const line = parseCronLine(raw, owner === null);
      if (line === null) {
        const variable = parseCronVariable(raw);
        if (variable !== null) variables.set(...variable);
        else if (!/^\s*(?:#|$)/.test(raw)) context.report('crontab-syntax', path, `line ${index + 1} is no job`);
        return;
      }
      const folder = /run-parts\b[^;&|]*?(\/etc\/(?:cron\.|periodic\/)[a-z0-9]+)/.exec(line.command)?.[1];
      if (folder !== undefined) {
        const isLeftToAnacron = /anacron/.test(line.command) && context.fs.exists('/usr/sbin/anacron');
        if (!isLeftToAnacron) periodic.set(folder, line);
        return;
      }
      jobs.push({
        name: `${path}:${index + 1}`,
        schedule: line.schedule,
        cron: line.cron,
        command: ['/bin/sh', '-c', line.command],
        user: owner ?? line.user ?? 'root',
        evidence: { path, line: index + 1 },
      });
      if (line.schedule === '@reboot') {
        const user = owner ?? line.user ?? 'root';
        boots.push({ path, line: index + 1, command: line.command, user, variables: new Map(variables) });
      }
    });
  }
  jobs.push(...(await readAnacron(context, periodic)), ...periodicJobs(context, periodic));
  return { found: jobs, boots };
}

/** anacrontab(5): `days delay name command`; its run-parts lines say when the periodic folders run. */
async function readAnacron(
  context: ServiceContext,
  periodic: Map<string, { schedule: string; cron: string | null }>,
): Promise<FoundJob[]> {
  if (!context.fs.exists('/usr/sbin/anacron')) return [];
  const path = '/etc/anacrontab';
  const jobs: FoundJob[] = [];
  ((await readText(context, path)) ?? '').split('\n').forEach((raw, index) => {
    const match = /^\s*([0-9]{1,5}|@[a-z]{1,20})\s+([0-9]{1,5})\s+(\S{1,200})\s+(\S.*)$/.exec(raw.slice(0, 20_000));
    if (match === null || raw.trim().startsWith('#')) return;
    const schedule = `every ${match[1]} days, delay ${match[2]} min`;
    const folder = /run-parts\b[^;&|]*?(\/etc\/cron\.[a-z]+)/.exec(match[4]!)?.[1];
    if (folder !== undefined) periodic.set(folder, { schedule, cron: null });
    else
      jobs.push({
        name: `anacron:${match[3]}`,
        schedule,
        cron: null,
        command: ['/bin/sh', '-c', match[4]!],
        user: 'root',
        evidence: { path, line: index + 1 },
      });
  });
  return jobs;
}

/** Each executable in a periodic folder is a job at the time its crontab line names. */
function periodicJobs(
  context: ServiceContext,
  periodic: ReadonlyMap<string, { schedule: string; cron: string | null }>,
): FoundJob[] {
  const jobs: FoundJob[] = [];
  for (const [folder, when] of periodic) {
    for (const name of context.fs.list(folder)) {
      const path = joinPath(folder, name);
      const entry = context.fs.stat(path);
      // run-parts(8) without options takes names of letters, digits, _ and -.
      if (entry?.type !== 'file' || (entry.mode & 0o111) === 0 || !/^[A-Za-z0-9_-]+$/.test(name)) continue;
      jobs.push({
        name: path,
        schedule: when.schedule,
        cron: when.cron,
        command: [path],
        user: 'root',
        evidence: { path },
      });
    }
  }
  return jobs;
}

function isDebianCron({ os, packages }: ServiceContext): boolean {
  return packages?.manager === 'dpkg' || os.id === 'debian' || os.id === 'ubuntu' || os.idLike.includes('debian');
}
