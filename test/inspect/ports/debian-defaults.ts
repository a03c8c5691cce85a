import type { MemoryNode } from '../../../src/guest/memory/memory-guest.js';

/** What a server of Debian 12 listens on as packaged, before anybody changed a line. */
export interface DefaultCase {
  readonly reader: string;
  readonly packages: readonly string[];
  /** Unit of the packages, or a command where they bring only an init script. */
  readonly unit: string;
  readonly command?: readonly string[];
  /** What maintainer scripts make of templates, and what must be there for the service to exist. */
  readonly more?: Readonly<Record<string, MemoryNode | { readonly copyOf: string }>>;
  readonly ports: readonly string[];
  readonly listens?: readonly string[];
}

/** Checked against the running daemons by `test/e2e/ports-truth.ts`. */
export const DEBIAN_DEFAULTS: readonly DefaultCase[] = [
  {
    reader: 'nginx',
    packages: ['nginx-common', 'nginx'],
    unit: 'nginx.service',
    // The link that the package's postinst makes.
    more: { '/etc/nginx/sites-enabled/default': { target: '/etc/nginx/sites-available/default' } },
    ports: ['tcp *:80 /etc/nginx/sites-enabled/default'],
  },
];
