import { joinPath } from '../../../model/path.js';
import { findAccount } from '../accounts.js';
import { type FoundJob, readText, type ServiceContext } from '../context.js';

const SPOOLS = ['/var/spool/cron/atjobs', '/var/spool/at', '/var/spool/atjobs'];

/** Jobs of atd(8): the name holds queue, number and the minute since 1970, the script names its user. */
export async function readAtJobs(context: ServiceContext): Promise<FoundJob[]> {
  const jobs: FoundJob[] = [];
  for (const folder of SPOOLS) {
    for (const name of context.fs.list(folder).slice(0, 2000)) {
      const match = /^[a-zA-Z=]([0-9a-f]{5})([0-9a-f]{8})$/.exec(name);
      if (match === null) continue;
      const path = joinPath(folder, name);
      const when = new Date(Number.parseInt(match[2]!, 16) * 60_000).toISOString();
      const text = (await readText(context, path)) ?? '';
      const uid = /^# atrun uid=([0-9]{1,10})/m.exec(text)?.[1];
      const user = uid === undefined ? 'root' : (findAccount(context.accounts, uid)?.name ?? uid);
      jobs.push({
        name: `at:${Number.parseInt(match[1]!, 16)}`,
        schedule: when,
        cron: null,
        command: ['/bin/sh', path],
        user,
        evidence: { path },
      });
    }
  }
  return jobs;
}
