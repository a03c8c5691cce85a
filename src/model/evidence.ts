/** Where in the guest a finding comes from. */
export interface Evidence {
  readonly path: string;
  /** Line, counted from 1. */
  readonly line?: number;
  /** Key of a database record, where lines mean nothing. */
  readonly record?: string;
}

/**
 * Something that could not be read or decided, beside what could. `code` is stable and in kebab-case; `path` is a guest
 * path, a device or a path of the host, whichever the reason speaks of.
 */
export interface Problem {
  readonly code: string;
  readonly path: string;
  readonly reason: string;
}
