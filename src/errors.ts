/**
 * Every failure that a user can meet. An error says what happened, where, whose fault it is and what to do next; the
 * commands print it, nothing else does. Problems that leave a usable result are `Problem`s in the report instead.
 */

/**
 * Whose fault: `input` the disk or descriptor, `usage` the command line, `environment` the host lacks something,
 * `tool` a program that we call failed, `bug` ours.
 */
export type Fault = 'input' | 'usage' | 'environment' | 'tool' | 'bug';

/** The stable codes, and whose fault each is. */
export const ERROR_CODES = {
  // what the user named
  'input-missing': 'input',
  'input-unreadable': 'input',
  'input-not-a-disk': 'input',
  'input-unsupported': 'input',
  'input-refused-reference': 'input',
  'input-missing-reference': 'input',
  'input-truncated': 'input',
  'input-corrupt': 'input',
  'input-encrypted': 'input',
  'descriptor-invalid': 'input',
  // what is on it
  'guest-no-system': 'input',
  'guest-not-linux': 'input',
  'guest-several-systems': 'input',
  'guest-missing-filesystem': 'input',
  'guest-unsupported-filesystem': 'input',
  'guest-key-needed': 'input',
  'guest-key-wrong': 'input',
  'guest-damaged': 'input',
  'guest-file-missing': 'input',
  'guest-file-too-large': 'input',
  'guest-read-failed': 'tool',
  // the host
  'native-declined': 'environment',
  'appliance-missing': 'environment',
  'appliance-failed': 'tool',
  'appliance-timeout': 'tool',
  'program-missing': 'environment',
  'program-failed': 'tool',
  'program-timeout': 'tool',
  'disk-space': 'environment',
  'output-unwritable': 'environment',
  'output-exists': 'usage',
  // images and engines
  'engine-missing': 'environment',
  'engine-failed': 'tool',
  'archive-unreachable': 'environment',
  'build-failed': 'tool',
  'base-image-missing': 'environment',
  'image-missing': 'input',
  'push-refused': 'usage',
  'image-invalid': 'input',
  // the rest
  usage: 'usage',
  interrupted: 'usage',
  internal: 'bug',
} as const satisfies Record<string, Fault>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorPlace {
  /** Disk image or descriptor on the host, as the user named it. */
  readonly disk?: string;
  /** Partition, volume or file system inside of it. */
  readonly device?: string;
  /** Path inside of the guest, or file on the host, whichever the message speaks of. */
  readonly path?: string;
}

export interface ErrorFacts {
  readonly where?: ErrorPlace;
  /** One or two imperative sentences. */
  readonly todo: string;
  /** Last lines that a program printed, unchanged. */
  readonly detail?: string;
  readonly cause?: unknown;
}

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly fault: Fault;
  readonly where: ErrorPlace;
  readonly todo: string;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.code = code;
    this.fault = ERROR_CODES[code];
    this.where = facts.where ?? {};
    this.todo = facts.todo;
    this.detail = facts.detail;
  }
}
