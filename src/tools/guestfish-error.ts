import { AppError, type ErrorCode } from '../errors.js';
import { lastLines } from './run.js';

interface Cause {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly message: string;
  readonly todo: string;
}

/** What libguestfs and its tools say, in the order in which it is looked for. */
const CAUSES: readonly Cause[] = [
  {
    pattern: /supermin.*(?:kernel|\/boot)|no suitable kernels|failed to find a suitable kernel/i,
    code: 'appliance-missing',
    message: 'There is no kernel that libguestfs could build its appliance from',
    todo: 'Install one: apt-get install linux-image-cloud-amd64. On Ubuntu make it readable, too: chmod +r /boot/vmlinuz-*',
  },
  {
    pattern: /\/boot\/vmlinu\S*: (?:open: )?Permission denied/i,
    code: 'appliance-missing',
    message: 'The kernel in /boot is not readable for you, so libguestfs cannot build its appliance',
    todo: 'Run as root: chmod +r /boot/vmlinuz-*',
  },
  {
    pattern: /supermin|cannot find any suitable libguestfs/i,
    code: 'appliance-missing',
    message: 'libguestfs could not build its appliance',
    todo: 'Install it whole: apt-get install libguestfs-tools linux-image-cloud-amd64. Then run: vm2docker-image doctor',
  },
  {
    // `debug` is internal to libguestfs, yet part of every release since 1.0; a build may lack it, and then no call
    // gives the metadata of a whole tree in less than minutes.
    pattern: /debug: unknown command|use 'debug help/,
    code: 'appliance-missing',
    message: 'This build of libguestfs lacks its internal command "debug"',
    todo: "Install the distribution's libguestfs-tools, or use --reader native.",
  },
  {
    pattern: /No space left on device/i,
    code: 'disk-space',
    message: 'There is no room left for the temporary files of libguestfs',
    todo: 'Free some space in the temporary folder, or name another with TMPDIR.',
  },
  {
    pattern:
      /Structure needs cleaning|wrong fs type|bad superblock|can't read superblock|mount: .*Input\/output error/i,
    code: 'guest-damaged',
    message: 'A file system of the machine cannot be mounted',
    todo: 'Start the machine once, or check a copy of the disk with fsck, and try again.',
  },
  {
    pattern: /No key available with this passphrase|wrong passphrase|No usable keyslot/i,
    code: 'guest-key-wrong',
    message: 'The key does not open the encrypted device',
    todo: 'Check the key, and that it is meant for this device.',
  },
  {
    pattern: /No such file or directory|Is a directory|Not a directory/,
    code: 'guest-file-missing',
    message: 'A file is not there',
    todo: 'Check the path.',
  },
];

/** The error for a command that failed, by what the server printed. */
export function toApplianceError(command: string, words: string): AppError {
  const cause = CAUSES.find(({ pattern }) => pattern.test(words));
  const detail = lastLines(words);
  if (cause !== undefined) return new AppError(cause.code, cause.message, { todo: cause.todo, detail });
  const isLaunch = command === 'run' || command === 'start';
  return new AppError(
    'appliance-failed',
    isLaunch ? 'The appliance of libguestfs did not start' : `libguestfs could not do "${command}"`,
    {
      todo: isLaunch ? 'Run: vm2docker-image doctor' : 'Its last words below tell why; check the disk.',
      detail,
    },
  );
}
