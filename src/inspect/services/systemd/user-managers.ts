import { findAccount } from '../accounts.js';
import type { FoundJob, FoundService, InitFindings } from '../context.js';
import type { ConditionFacts } from './conditions.js';
import { NOTHING_GENERATED } from './generated.js';
import { readManager } from './manager.js';
import type { UnitReading } from './service-unit.js';
import { indexUnits, userFolders } from './unit-index.js';
import { UnitStore } from './unit-store.js';

const LINGER = '/var/lib/systemd/linger';
const MAX_USERS = 200;

/** Managers of users who linger (loginctl(1)): they run from boot on. Names are `user@UID.service/UNIT`. */
export async function readUserManagers(reading: UnitReading, facts: ConditionFacts): Promise<InitFindings> {
  const { context } = reading;
  const services: FoundService[] = [];
  const jobs: FoundJob[] = [];
  for (const user of context.fs.list(LINGER).slice(0, MAX_USERS)) {
    const account = findAccount(context.accounts, user);
    if (account === null) {
      context.report('linger-unknown-user', `${LINGER}/${user}`, 'is no user of the machine');
      continue;
    }
    const machine = { ...reading.machine, user: account, isUserManager: true };
    const folders = userFolders(context.fs, account.home);
    await context.fs.prefetch(folders.system);
    const store = new UnitStore(context, indexUnits(context, folders, NOTHING_GENERATED));
    const target = store.has('default.target') ? 'default.target' : 'basic.target';
    const found = await readManager({
      reading: { ...reading, machine },
      store,
      target,
      facts: { ...facts, machine },
    });
    const prefix = `user@${account.uid}.service/`;
    services.push(
      ...found.services
        .filter(({ enabled }) => enabled)
        .map((service) => ({ ...service, name: prefix + service.name })),
    );
    jobs.push(...found.jobs.map((job) => ({ ...job, name: prefix + job.name, user: account.name })));
  }
  return { services, jobs, fit: [] };
}
