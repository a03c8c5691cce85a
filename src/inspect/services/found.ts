import type { FoundService } from './context.js';

/** A service with nothing but a name, for readers to fill. */
export function emptyService(name: string, init: FoundService['init']): FoundService {
  return {
    name,
    init,
    description: null,
    enabled: false,
    command: [],
    inferred: false,
    prepare: [],
    type: 'simple',
    user: 'root',
    group: null,
    workingDirectory: null,
    environment: {},
    directories: [],
    limits: {},
    capabilities: null,
    restart: 'no',
    stopSignal: null,
    after: [],
    ports: [],
    listens: [],
    evidence: [],
    definition: null,
  };
}

/** Variables of the guest as a record without a prototype: `__proto__` is a name like any other. */
export function toRecord(variables: Iterable<readonly [string, string]>): Record<string, string> {
  const record: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of variables) record[name] = value;
  return record;
}

/** Folders whose files only a running machine has: a program there says nothing by its absence. */
const VOLATILE = /^\/(?:run|proc|sys|dev|tmp|var\/run|snap)\//;

/** The program of a command when it is named by its full path and is not on the disk; null otherwise. */
export function missingProgram(fs: { exists(path: string): boolean }, command: readonly string[]): string | null {
  const program = command[0];
  if (program === undefined || !program.startsWith('/') || VOLATILE.test(program)) return null;
  return fs.exists(program) ? null : program;
}
