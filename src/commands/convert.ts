import { Args, Flags } from '@oclif/core';
import type { ConvertOutcome, ConvertRequest } from '../pipeline/convert.js';
import { measuredTable, savingLines, stepTable } from '../render/measured.js';
import { BaseCommand, EXIT } from './base-command.js';
import { machineFlags, toAnalyzeRequest } from './machine-flags.js';
import { printOutcome } from './outcome.js';
import { verificationLines } from './verification-text.js';

export default class Convert extends BaseCommand {
  static override summary = 'Read powered-off machines and build their images.';

  static override description =
    `As analyze, and writes the archives that the Dockerfiles add. With an engine it builds base and package layers, reads them back, lays what still differs from the machine on top, and with --verify proves that the result is the machine. Without one, build.sh in the folder does it for any engine; the last layer then holds all that may differ.

What an earlier run built of the same content is taken as it is. With --base-image scratch --packages disk building needs no network and no package manager.`;

  static override examples = [
    {
      description: 'Build and prove:',
      command: '<%= config.bin %> <%= command.id %> disk.vmdk --engine buildah --verify',
    },
    {
      description: 'Contexts for another host:',
      command: '<%= config.bin %> <%= command.id %> disk.vmdk --engine none',
    },
    {
      description: 'Everything from the disk, exactly:',
      command: '<%= config.bin %> <%= command.id %> disk.vmdk --base-image scratch --packages disk --verify',
    },
  ];

  static override strict = false;
  static override args = { vm: Args.string({ description: 'Machines to convert.', required: true }) };
  static override flags = {
    ...machineFlags,
    engine: Flags.string({
      summary: 'What builds the images; none writes build contexts for any engine.',
      options: ['none', 'auto', 'docker', 'podman', 'buildah'] as const,
      default: 'none',
    }),
    verify: Flags.boolean({ summary: 'Compare each image with its machine; differences end with exit status 3.' }),
    'strict-times': Flags.boolean({ summary: 'Keep and compare the times of everything, not only of what differs.' }),
    diff: Flags.string({
      summary:
        'How changed content gets into the last layer: whole, copied where it only moved, or as block deltas too.',
      options: ['whole', 'moved', 'rdiff'] as const,
      default: 'moved',
    }),
    'work-dir': Flags.string({
      summary: 'Folder for what is needed only while it runs; beside the output without it. It is left as it was.',
      helpValue: 'DIR',
    }),
    push: Flags.string({
      summary: 'Push every image that was built, once it is proved if --verify is given.',
      helpValue: 'REGISTRY/PREFIX',
    }),
    'allow-secrets': Flags.boolean({ summary: 'Push machines that hold private keys, password hashes and the like.' }),
    'no-cache': Flags.boolean({ summary: 'Build again what an earlier run has built.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { argv, flags } = await this.parse(Convert);
    const engine = flags.engine as ConvertRequest['engine'];
    if (engine === 'none' && flags.verify) {
      this.error('--verify needs an engine that builds: name one with --engine', { exit: EXIT.usage });
    }
    if (engine === 'none' && flags.push !== undefined) {
      this.error('--push needs an engine that builds: name one with --engine', { exit: EXIT.usage });
    }
    const request: ConvertRequest = {
      ...(await toAnalyzeRequest(argv as string[], flags)),
      engine,
      verify: flags.verify,
      strictTimes: flags['strict-times'],
      diff: flags.diff as NonNullable<ConvertRequest['diff']>,
      fresh: flags['no-cache'],
      workDir: flags['work-dir'] ?? null,
      push: flags.push ?? null,
      allowSecrets: flags['allow-secrets'],
    };
    const { convert } = await import('../pipeline/convert.js');
    const outcome = await convert(request, { progress: this.progress, signal: this.signal });
    const firstTag = outcome.plan.machines[0]?.slug ?? '';
    const nextCommand =
      engine === 'none' ? `cd ${flags.output} && ./build.sh` : `see the image vm2docker/${firstTag} in ${engine}`;
    const report = printOutcome(this, outcome, {
      outputFolder: flags.output,
      nextCommand,
      built: outcome.built,
    });
    return { ...report, ...this.#printBuilt(outcome, engine !== 'none') };
  }

  #printBuilt({ plan, steps, verifications, pushed }: ConvertOutcome, isBuilt: boolean): Record<string, unknown> {
    if (!isBuilt) return {};
    this.log(`\n${[...measuredTable(plan), ...savingLines(plan)].join('\n')}`);
    this.log(`\n${stepTable(steps).join('\n')}`);
    for (const verification of verifications) {
      this.log(`\n${verification.vm}`);
      for (const line of verificationLines(verification)) this.log(`  ${line}`);
    }
    if (verifications.some(({ verdict }) => verdict === 'different') && process.exitCode === undefined) {
      process.exitCode = EXIT.different;
    }
    for (const reference of pushed) this.log(`pushed ${reference}`);
    return { verifications, pushed };
  }
}
