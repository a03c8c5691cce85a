import type { FoundService } from '../context.js';
import { readInitScript } from '../sysvinit/init-script.js';
import { readServiceUnit, type UnitReading } from './service-unit.js';
import type { Unit } from './unit-store.js';

/** A `.service` unit; where its command is only an init script, with the program that the script starts. */
export async function readScriptedUnit(unit: Unit, reading: UnitReading): Promise<FoundService> {
  const service = await readServiceUnit(unit, reading);
  const [script, verb] = service.command;
  if (script === undefined || verb !== 'start' || !/^\/etc\/(?:rc\.d\/)?init\.d\/[^/]+$/.test(script)) return service;
  const inferred = await readInitScript(reading.context, script);
  const { command, type, group, limits, environment, blocked } = inferred;
  return {
    ...service,
    command,
    inferred: inferred.inferred,
    type,
    user: inferred.user === 'root' ? service.user : inferred.user,
    group: service.group ?? group,
    workingDirectory: service.workingDirectory ?? inferred.workingDirectory,
    environment: Object.assign(Object.create(null), service.environment, environment) as Record<string, string>,
    limits: { ...limits, ...service.limits },
    description: service.description ?? inferred.description,
    evidence: [
      ...inferred.evidence,
      ...service.evidence.filter(({ path }) => !inferred.evidence.some((item) => item.path === path)),
    ],
    ...(blocked === undefined ? {} : { blocked }),
  };
}
