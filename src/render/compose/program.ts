import type { MachinePlan } from '../../model/plan.js';
import { dockerComment, dockerValue } from '../dockerfile/quote.js';
import { exposedPorts, jsonArray } from './dockerfile.js';
import { guardService, maskedCommand } from './secrets.js';

/**
 * What a machine with exactly one application service runs when its own image is started: port, program, user and the
 * rest, as its service's image has them. They change no file. A service that needs folders below /run, or secrets, has
 * its image of its own alone, where both are cared for.
 */
export function programInstructions(machine: MachinePlan): string[] {
  const { containers } = machine;
  const service = containers?.services[0];
  if (containers === undefined || service === undefined || containers.services.length > 1) return [];
  const exposed = exposedPorts(service);
  const ports = exposed.length === 0 ? [] : [`EXPOSE ${exposed.join(' ')}`];
  const guarded = guardService(service, false, new Set());
  if (containers.folders.length > 0 || guarded.secrets.length > 0) {
    return [dockerComment(`Its one service, ${service.service}, runs from services/${service.slug}`), ...ports];
  }
  return [
    dockerComment(`Its one service: ${service.service}`),
    ...service.environment.map(([name, value]) => `ENV ${name}=${dockerValue(value)}`),
    ...(machine.workingDirectory === undefined ? [] : [`WORKDIR ${dockerValue(machine.workingDirectory)}`]),
    ...(service.user === null ? [] : [`USER ${service.user}`]),
    ...ports,
    ...(service.stopSignal === null ? [] : [`STOPSIGNAL ${service.stopSignal}`]),
    `CMD ${jsonArray(maskedCommand(guarded))}`,
  ];
}
