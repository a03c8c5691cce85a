import { Args, Flags } from '@oclif/core';
import { convert } from '../pipeline/convert.js';
import { BaseCommand } from './base-command.js';
import { machineFlags, toAnalyzeRequest } from './machine-flags.js';
import { printOutcome } from './outcome.js';

export default class Convert extends BaseCommand {
  static override summary = 'Read powered-off machines and write complete build contexts for their images.';

  static override description =
    `As analyze, and writes the archives that the Dockerfiles add: what build.sh needs is then in the folder.

With --base-image scratch --packages disk the images are exact, and building them needs no network and no package manager.`;

  static override examples = [
    {
      description: 'Layers from the archives of the release:',
      command: '<%= config.bin %> <%= command.id %> disk.vmdk --engine none',
    },
    {
      description: 'Everything from the disk, exactly:',
      command: '<%= config.bin %> <%= command.id %> disk.vmdk --engine none --base-image scratch --packages disk',
    },
  ];

  static override strict = false;
  static override args = { vm: Args.string({ description: 'Machines to convert.', required: true }) };
  static override flags = {
    ...machineFlags,
    engine: Flags.string({
      summary: 'What builds the images; none writes build contexts for any engine.',
      options: ['none'] as const,
      default: 'none',
    }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { argv, flags } = await this.parse(Convert);
    const request = await toAnalyzeRequest(argv as string[], flags);
    const outcome = await convert(request, { progress: this.progress, signal: this.signal });
    return printOutcome(this, outcome, { outputFolder: flags.output, nextCommand: `cd ${flags.output} && ./build.sh` });
  }
}
