import type { Problem } from './evidence.js';
import type { ListeningPort, Service, ServiceLimits } from './services.js';

/** What a boot would find or make before the services start, beyond the units themselves. */
export interface RuntimeFacts {
  /** As /etc/hostname says. */
  readonly hostname: string | null;
  /** Lines of /etc/hosts that name other machines. */
  readonly hosts: readonly { readonly address: string; readonly names: readonly string[] }[];
  /** Folders below /run that tmpfiles.d(5) makes. */
  readonly folders: readonly RuntimeFolder[];
  /** Names in /etc/passwd, and each one's number and primary group (its name, or its number). */
  readonly users: ReadonlyMap<string, { readonly uid: number; readonly group: string }>;
  /** Names in /etc/group; absent when nobody asked. */
  readonly groups?: ReadonlySet<string>;
  /** Users and groups of the system's range, whose numbers package scripts give out; absent when nobody asked. */
  readonly accounts?: SystemAccounts;
}

export interface SystemAccounts {
  readonly users: readonly {
    readonly name: string;
    readonly uid: number;
    readonly gid: number;
    readonly comment: string;
    readonly home: string;
    readonly shell: string;
  }[];
  readonly groups: readonly { readonly name: string; readonly gid: number }[];
}

export interface RuntimeFolder {
  readonly path: string;
  readonly mode: number;
  /** Names or numbers. */
  readonly owner: string;
  readonly group: string;
}

/** One machine as containers (design §9). */
export interface MachineContainers {
  /** The service that owns the network: it only waits. Null when the image has nothing to wait with, or no service runs. */
  readonly holder: { readonly name: string; readonly image: string; readonly command: readonly string[] } | null;
  readonly services: readonly ContainerService[];
  /** Mounted at the same path in every container. */
  readonly volumes: readonly { readonly name: string; readonly path: string; readonly reason: string }[];
  /** Folders below /run that the images get, parents first. */
  readonly folders: readonly RuntimeFolder[];
  /** Services without a container, and why. */
  readonly left: readonly { readonly name: string; readonly role: Service['role']; readonly reason: string }[];
  readonly hostname: string | null;
  readonly hosts: RuntimeFacts['hosts'];
  readonly ceiling: { readonly cpus?: number; readonly memory?: number };
  /** By `Service.name`: the foreground form, of every service. */
  readonly commands: ReadonlyMap<string, Service['container']>;
  readonly problems: readonly Problem[];
}

/** Names of capabilities(7) without `CAP_`; `drop` may be `ALL`. */
export interface ContainerCapabilities {
  readonly add: readonly string[];
  readonly drop: readonly string[];
  /** Named by the unit, and not given because they reach the host. */
  readonly withheld: readonly string[];
}

export interface ContainerService {
  /** `Service.name`, its word in folders and Compose, and the last component of its image's name. */
  readonly service: string;
  readonly slug: string;
  readonly image: string;
  readonly description: string | null;
  /** What the container runs, preparation included. */
  readonly command: readonly string[];
  /** Which word of the command is shell text that takes secrets from the environment; absent when none is. */
  readonly scriptWord?: number;
  /** As USER of a Dockerfile; null for root. */
  readonly user: string | null;
  readonly workingDirectory: string | null;
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly ports: readonly ListeningPort[];
  readonly stopSignal: string | null;
  readonly restart: Service['restart'];
  readonly limits: ServiceLimits;
  /** Null where the unit says nothing: the engine's own set. */
  readonly capabilities: ContainerCapabilities | null;
  /** Whether the program itself is another user's, whoever starts it. */
  readonly isUnprivileged: boolean;
  /** Slugs of services that start first; never a circle. */
  readonly after: readonly string[];
  readonly healthCheck: readonly string[] | null;
}
