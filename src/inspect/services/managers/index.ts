import type { FitFinding } from '../../../model/os.js';
import { NO_FINDINGS, type ServiceReader } from '../context.js';
import { runningPrograms } from '../started.js';
import { dockerContainers, podmanUnits, processManagers, snaps } from './findings.js';

/** What carries services of its own inside of the machine: seen and said, not turned into services. */
export const managers: ServiceReader = {
  name: 'managers',
  paths: ['/var/lib/docker/containers'],
  async read(context, earlier) {
    const fit: FitFinding[] = [
      ...(await dockerContainers(context, runningPrograms(earlier, ['dockerd', 'docker']).length > 0)),
      ...podmanUnits(earlier),
      ...processManagers(context),
      ...snaps(earlier),
    ];
    return { ...NO_FINDINGS, fit };
  },
};
