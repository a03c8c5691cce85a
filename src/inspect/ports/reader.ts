import type { Problem } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import type { ListeningPort, Service } from '../../model/services.js';
import type { CommandLine } from './command-line.js';
import type { ConfigFiles } from './config-files.js';

/** What one server program listens on, told from its configuration. */
export interface PortReader {
  /** Also the name of its file below `servers/`. */
  readonly name: string;
  /**
   * Base names of its programs, main classes or jars, and units; a trailing version may be left out (`php-fpm` stands
   * for `php-fpm8.2`).
   */
  readonly programs: readonly string[];
  /** Packages whose version tells the defaults; first installed counts. Default: `programs`. */
  readonly packages?: readonly string[];
  /** The program listens only on the sockets it is handed, when a socket unit starts it. */
  readonly socketReplaces?: boolean;
  read(context: PortContext): Promise<PortFindings>;
}

export interface PortContext {
  readonly fs: GuestFs;
  readonly service: Service;
  /** The program that runs and its arguments, wrappers (`env`, `sh -c`, `java`) looked through. */
  readonly command: CommandLine;
  /** Version of the installed package in the manager's notation, and the package's name; null when none is known. */
  readonly version: string | null;
  readonly packageName: string | null;
  readonly files: ConfigFiles;
}

export interface PortFindings {
  readonly ports: readonly ListeningPort[];
  readonly listens: readonly string[];
  readonly problems: readonly Problem[];
}
