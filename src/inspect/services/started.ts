import { baseName } from '../../model/path.js';
import type { FoundService } from './context.js';

/** The enabled services whose program has one of the names: what decides whether a supervisor, cron or inetd runs. */
export function runningPrograms(services: readonly FoundService[], names: readonly string[]): FoundService[] {
  return services.filter(
    ({ enabled, command }) =>
      enabled &&
      command.slice(0, 3).some((word, index) => {
        const name = baseName(`/${word}`).replace(/^python[0-9.]*$/, '');
        return names.includes(name) && (index === 0 || !word.startsWith('-'));
      }),
  );
}
