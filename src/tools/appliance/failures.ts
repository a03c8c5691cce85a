import { AppError } from '../../errors.js';
import type { ApplianceOptions } from './appliance.js';

export function callTimeout(command: string, timeoutMs: number): AppError {
  return new AppError('appliance-timeout', `The appliance did not answer "${command}" within ${timeoutMs / 1000} s`, {
    todo: 'Try again when the host is less busy; if it happens again, the disk makes the appliance hang.',
  });
}

export function launchTimeout({ acceleration, launchTimeoutMs }: ApplianceOptions): AppError {
  return new AppError(
    'appliance-timeout',
    `The appliance did not start within ${launchTimeoutMs / 1000} s (${acceleration})`,
    {
      todo: 'Try again when the host is less busy, and run: vm2docker-image doctor',
    },
  );
}

export function interrupted(): AppError {
  return new AppError('interrupted', 'The work was stopped', { todo: 'Run the command again.' });
}
