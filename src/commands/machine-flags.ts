import { readFile } from 'node:fs/promises';
import { Flags } from '@oclif/core';
import { AppError } from '../errors.js';
import { EXCLUDED_CLASSES, type ExcludedClass } from '../model/files.js';
import { localPackages } from '../pipeline/local-packages.js';
import { prepareReader } from '../pipeline/prepare-reader.js';
import type { AnalyzeRequest, DeviceKey } from '../pipeline/request.js';

/** The flags of every command that reads machines. */
export const machineFlags = {
  output: Flags.string({ char: 'o', summary: 'Folder to write.', default: './vm2docker-out', helpValue: 'DIR' }),
  quick: Flags.boolean({ summary: 'Read metadata, configuration and databases only: seconds instead of a minute.' }),
  hash: Flags.boolean({ summary: 'Add the SHA-256 of the source disks to the report.' }),
  'allow-dir': Flags.string({
    summary: 'Folder in which backing files, extents and parents may lie, beside the folder of the image.',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'DIR',
  }),
  root: Flags.string({ summary: 'Device of the system to read when a disk holds several.', helpValue: 'DEVICE' }),
  key: Flags.string({
    summary: 'Passphrase of an encrypted device, read from a file; DEVICE may be "all".',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'DEVICE:file:PATH',
  }),
  'keys-from-stdin': Flags.boolean({ summary: 'Read lines DEVICE:PASSPHRASE from standard input.' }),
  reader: Flags.string({
    summary: 'What reads the file systems; auto avoids the appliance where KVM does not work.',
    options: ['auto', 'libguestfs', 'native'] as const,
    default: 'libguestfs',
  }),
  'cross-check': Flags.boolean({
    summary: 'Read everything with the other reader, too, and report where the two differ.',
  }),
  keep: Flags.string({
    summary: 'Keep a class of files that is left out by default.',
    options: EXCLUDED_CLASSES.filter((name) => name !== 'user' && name !== 'secret'),
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'CLASS',
  }),
  include: Flags.string({
    summary: 'Keep what matches, whatever else says to leave it out.',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'GLOB',
  }),
  exclude: Flags.string({
    summary: 'Leave out what matches.',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'GLOB',
  }),
  'exclude-secrets': Flags.boolean({
    summary: 'Leave private keys, password hashes and the like out of every image, and say what will not work.',
  }),
  'base-image': Flags.string({
    summary: 'Base image instead of the one of the release: a reference, "bootstrap" or "scratch".',
    helpValue: 'REF|bootstrap|scratch',
    exclusive: ['base-rootfs'],
  }),
  'base-rootfs': Flags.string({ summary: 'Root file system to use as base image.', helpValue: 'FILE.tar' }),
  packages: Flags.string({
    summary: 'Install packages from their archives, lay them down from the disk, or choose by layer.',
    options: ['install', 'disk', 'auto'] as const,
    default: 'auto',
  }),
  snapshot: Flags.string({
    summary: "Date of a snapshot archive; auto: of the machine's own index files.",
    helpValue: 'DATE|auto',
  }),
  debs: Flags.string({
    summary: "Folder of .deb files: those of exactly the machines' versions are installed in place of an archive's.",
    helpValue: 'DIR',
  }),
  levels: Flags.integer({
    summary: 'Levels of package layers: 0 none, 2 as in the thesis; without it as many as pay.',
    min: 0,
    max: 120,
  }),
  'min-layer-size': Flags.integer({
    summary: 'Bytes below which a shared layer is merged into the layers above it.',
    min: 0,
    helpValue: 'BYTES',
  }),
  jobs: Flags.integer({
    summary: 'Machines to read at once; without it as many as cores and memory allow.',
    min: 1,
    max: 64,
    helpValue: 'N',
  }),
  'include-service': Flags.string({
    summary: "Make a container of one of the system's services, such as ssh or cron.",
    multiple: true,
    helpValue: 'NAME',
  }),
  'no-cache': Flags.boolean({ summary: 'Read disks again that have not changed since an earlier run.' }),
  check: Flags.boolean({ summary: 'Tell unchanged disks by their content too, not by name, size and times alone.' }),
  'show-secrets': Flags.boolean({ summary: 'Do not mask passwords in commands and environments.' }),
};

/** The parsed flags, as oclif gives them. */
export interface MachineFlags {
  readonly output: string;
  readonly quick: boolean;
  readonly hash: boolean;
  readonly 'allow-dir': string[] | undefined;
  readonly root: string | undefined;
  readonly key: string[] | undefined;
  readonly 'keys-from-stdin': boolean;
  readonly reader: string;
  readonly 'cross-check'?: boolean;
  readonly keep: string[] | undefined;
  readonly include: string[] | undefined;
  readonly exclude: string[] | undefined;
  readonly 'exclude-secrets'?: boolean;
  readonly 'base-image': string | undefined;
  readonly 'base-rootfs': string | undefined;
  readonly packages: string;
  readonly snapshot: string | undefined;
  readonly debs?: string | undefined;
  readonly levels: number | undefined;
  readonly 'min-layer-size'?: number | undefined;
  readonly jobs?: number | undefined;
  readonly 'no-cache'?: boolean;
  readonly check?: boolean;
  readonly 'include-service'?: string[] | undefined;
  readonly 'show-secrets': boolean;
}

/** @throws AppError `usage` for a key that is not `DEVICE:file:PATH`; `input-missing` for a key file that is not there. */
export async function toAnalyzeRequest(machines: readonly string[], flags: MachineFlags): Promise<AnalyzeRequest> {
  await prepareReader(flags.reader as AnalyzeRequest['reader']);
  const keys: DeviceKey[] = [];
  for (const text of flags.key ?? []) keys.push(...(await keysFromFile(text)));
  if (flags['keys-from-stdin']) keys.push(...(await keysFromStandardInput()));
  return {
    machines,
    output: flags.output,
    allowDirs: flags['allow-dir'] ?? [],
    root: flags.root ?? null,
    keys,
    reader: flags.reader as AnalyzeRequest['reader'],
    crossCheck: flags['cross-check'] === true,
    quick: flags.quick,
    hash: flags.hash,
    keep: new Set((flags.keep ?? []) as ExcludedClass[]),
    include: flags.include ?? [],
    exclude: flags.exclude ?? [],
    excludeSecrets: flags['exclude-secrets'] === true,
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
    cache: flags['no-cache'] !== true,
    check: flags.check === true,
    showSecrets: flags['show-secrets'],
    plan: {
      baseImage: flags['base-image'] ?? null,
      baseRootfs: flags['base-rootfs'] ?? null,
      packages: flags.packages as AnalyzeRequest['plan']['packages'],
      snapshot: flags.snapshot ?? null,
      ...(flags.debs === undefined ? {} : { debs: await localPackages(flags.debs) }),
      levels: flags.levels ?? null,
      includeServices: flags['include-service'] ?? [],
      minLayerSize: flags['min-layer-size'] ?? 0,
    },
    options: reportedOptions(flags),
  };
}

/** What the report says of the options: all but secrets and the place of the output. */
function reportedOptions(flags: MachineFlags): Record<string, unknown> {
  const { output: _output, key, ...rest } = flags;
  const options: Record<string, unknown> = { ...rest };
  if (key !== undefined) options.key = key.map((text) => text.split(':')[0]);
  return Object.fromEntries(
    Object.entries(options)
      .filter(([name, value]) => value !== undefined && name !== 'json' && name !== 'verbose')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** A newline at the end is an editor's, or the last byte of a key that is binary: without it first, then with it. */
async function keysFromFile(text: string): Promise<DeviceKey[]> {
  const match = /^([^:]+):file:(.+)$/s.exec(text);
  if (match === null) {
    throw new AppError('usage', `--key wants DEVICE:file:PATH, not "${text.split(':')[0]}:…"`, {
      todo: 'Put the passphrase into a file, so that it is visible in no process list, or use --keys-from-stdin.',
    });
  }
  try {
    const secret = await readFile(match[2]!);
    const device = match[1]!;
    if (secret.at(-1) !== 0x0a) return [{ device, secret }];
    return [
      { device, secret: secret.subarray(0, -1) },
      { device, secret },
    ];
  } catch (cause) {
    throw new AppError('input-missing', `the key file ${match[2]} cannot be read`, {
      where: { path: match[2]! },
      todo: 'Check its path and its mode.',
      detail: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

async function keysFromStandardInput(): Promise<DeviceKey[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const keys: DeviceKey[] = [];
  for (const line of Buffer.concat(chunks).toString('latin1').split('\n')) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    if (colon <= 0) {
      throw new AppError('usage', 'a line of standard input is not DEVICE:PASSPHRASE', {
        todo: 'Write one line for each device, for example /dev/sda2:secret or all:secret.',
      });
    }
    keys.push({ device: line.slice(0, colon), secret: Buffer.from(line.slice(colon + 1), 'latin1') });
  }
  return keys;
}
