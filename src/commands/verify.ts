import { Args, Flags } from '@oclif/core';
import type { Verification } from '../pipeline/build-verification.js';
import type { VerifyRequest } from '../pipeline/verify.js';
import { BaseCommand, EXIT } from './base-command.js';
import { machineFlags, toAnalyzeRequest } from './machine-flags.js';
import { verificationLines } from './verification-text.js';

const READING = [
  'allow-dir',
  'root',
  'key',
  'keys-from-stdin',
  'reader',
  'keep',
  'include',
  'exclude',
  'exclude-secrets',
] as const;
type ReadingFlag = (typeof READING)[number];

export default class Verify extends BaseCommand {
  static override summary = 'Compare an image with the machine it was made of.';

  static override description =
    `The layers of the image are compared with the disk, path by path: type, rights, owner, content, link target, hard links, devices, capabilities and user attributes; times of what was added last. What is left out of images by default is left out here: give the flags that the conversion was given.

Exits with 3 when there is a difference.`;

  static override examples = [
    { description: 'An image of an engine:', command: '<%= config.bin %> <%= command.id %> vm2docker/shop shop.vmdk' },
    {
      description: 'An archive of docker save, without any engine:',
      command: '<%= config.bin %> <%= command.id %> docker-archive:shop.tar shop.vmdk --json',
    },
  ];

  static override args = {
    image: Args.string({
      description: 'Reference, oci:FOLDER[:NAME], oci-archive:FILE or docker-archive:FILE.',
      required: true,
    }),
    vm: Args.string({ description: 'Machine to compare with.', required: true }),
  };

  static override flags = {
    ...(Object.fromEntries(READING.map((name) => [name, machineFlags[name]])) as Pick<
      typeof machineFlags,
      ReadingFlag
    >),
    engine: Flags.string({
      summary: 'Engine that has the image; for a saved one, that built it: docker loses user.* attributes.',
      options: ['auto', 'docker', 'podman', 'buildah'] as const,
      default: 'auto',
    }),
    'work-dir': Flags.string({
      summary: 'Folder for the layers of the image while they are compared, in place of TMPDIR.',
      helpValue: 'DIR',
    }),
    'strict-times': Flags.boolean({ summary: 'Compare the times of everything, not only of what was added last.' }),
  };

  async run(): Promise<Verification> {
    const { args, flags } = await this.parse(Verify);
    const request: VerifyRequest = {
      ...(await toAnalyzeRequest([args.vm], { ...NOT_ASKED, ...flags })),
      image: args.image,
      engine: flags.engine as VerifyRequest['engine'],
      workDir: flags['work-dir'] ?? null,
      strictTimes: flags['strict-times'],
    };
    const { verify } = await import('../pipeline/verify.js');
    const verification = await verify(request, { progress: this.progress, signal: this.signal });
    this.stopProgress();
    for (const line of verificationLines(verification)) this.log(line);
    if (verification.verdict === 'different') process.exitCode = EXIT.different;
    return verification;
  }
}

/** What a comparison has no use for. */
const NOT_ASKED = {
  output: '',
  quick: false,
  hash: false,
  'base-image': undefined,
  'base-rootfs': undefined,
  packages: 'auto',
  snapshot: undefined,
  levels: undefined,
  'min-layer-size': undefined,
  'show-secrets': false,
} as const;
