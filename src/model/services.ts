import type { Evidence } from './evidence.js';

export type InitSystem =
  | 'systemd'
  | 'sysvinit'
  | 'upstart'
  | 'openrc'
  | 'runit'
  | 'supervisord'
  | 'inetd'
  | 'rc.local'
  | 'cron';

/** A program that the machine would keep running, or start when somebody connects. */
export interface Service {
  /** What the init system calls it: `nginx.service`, `postgresql@15-main.service`, `echo.socket`, `inittab:ID`. */
  readonly name: string;
  readonly init: InitSystem;
  readonly role: 'application' | 'system';
  /** Why it has that role. */
  readonly reason: string;
  readonly description: string | null;
  /** A boot to the default target starts it or listens for it, however it is pulled in. */
  readonly enabled: boolean;
  /** Expanded argv; empty when no command could be told (a problem says why). */
  readonly command: readonly string[];
  /** The command was read out of a script rather than from a declaration. */
  readonly inferred: boolean;
  /** Commands that run before it, in order. */
  readonly prepare: readonly Preparation[];
  /** systemd Type= or its equivalent. */
  readonly type: 'simple' | 'exec' | 'forking' | 'oneshot' | 'notify' | 'dbus' | 'idle';
  readonly user: string;
  readonly group: string | null;
  /** The init system makes the user up while the service runs (DynamicUser=); no account has its name then. */
  readonly dynamicUser?: true;
  readonly workingDirectory: string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** Folders made before the start below /run, /var/lib, /var/cache, /var/log. */
  readonly directories: readonly { readonly path: string; readonly mode: number }[];
  readonly limits: ServiceLimits;
  /** Those that its unit names, for whichever purpose; `privileges` says which. */
  readonly capabilities: readonly string[] | null;
  readonly privileges?: Privileges;
  readonly restart: 'no' | 'always' | 'on-failure';
  readonly stopSignal: string | null;
  /** Other services that must run first. */
  readonly after: readonly string[];
  readonly ports: readonly ListeningPort[];
  /** Unix sockets it listens on. */
  readonly listens: readonly string[];
  /** Sockets that the init system opens for it and hands over. */
  readonly activation?: Activation;
  /** The form that stays in the foreground in a container; null with the reason when there is none. */
  readonly container: { readonly command: readonly string[] | null; readonly reason?: string };
  readonly evidence: readonly Evidence[];
}

/** One command before the program itself. */
export interface Preparation {
  readonly command: readonly string[];
  /** Runs as root whatever the user of the service is. */
  readonly privileged: boolean;
  /** The service starts even when it fails. */
  readonly mayFail: boolean;
}

/** Names are those of capabilities(7). */
export interface Privileges {
  /** What may be had at all: exactly `only`, or everything but `without`; null where nothing is said. */
  readonly bounding: { readonly only: readonly string[] } | { readonly without: readonly string[] } | null;
  /** What the program has although its user is not root. */
  readonly ambient: readonly string[];
}

/** How a program gets sockets that it does not open itself. */
export interface Activation {
  readonly sockets: readonly {
    readonly kind: 'stream' | 'datagram' | 'seqpacket';
    /** A port, `address:port`, or the path of a Unix socket (`@name`: an abstract one), as systemd.socket(5) writes them. */
    readonly address: string;
  }[];
  /** A process for each connection, rather than one that is given the listening sockets. */
  readonly perConnection: boolean;
  /** It is standard input and output of the program; otherwise it is handed over as sd_listen_fds(3) reads it. */
  readonly standardInput: boolean;
  /** Rights of Unix sockets. */
  readonly mode: number;
}

export interface ServiceLimits {
  /** Bytes. */
  readonly memory?: number;
  /** Share of one CPU: 1.5 is one and a half. */
  readonly cpus?: number;
  readonly openFiles?: number;
  readonly tasks?: number;
}

export interface ListeningPort {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** `*` both families, `0.0.0.0`, `::` IPv6 alone, or the literal address. */
  readonly address: string;
  /** Read from a command line or a default rather than from a configuration of the program. */
  readonly inferred?: boolean;
  readonly evidence: Evidence;
}

/** Work that the machine does at a time: timers, cron, at. */
export interface Job {
  readonly name: string;
  /** As written: OnCalendar verbatim, five cron fields, `@daily`, … */
  readonly schedule: string;
  /** The same as five cron fields, only where that is exact. */
  readonly cron: string | null;
  readonly command: readonly string[];
  readonly user: string;
  readonly evidence: Evidence;
}
