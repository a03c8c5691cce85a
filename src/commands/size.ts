import { Args, Flags } from '@oclif/core';
import { sizingCsv, sizingText } from '../render/sizing.js';
import { BaseCommand } from './base-command.js';
import { machineFlags, toAnalyzeRequest } from './machine-flags.js';
import { reportFailures } from './outcome.js';

const { output: _, 'show-secrets': __, ...readingAndPlanning } = machineFlags;

export default class Size extends BaseCommand {
  static override summary = 'Tell what the images of powered-off machines would take, before anything is built.';

  static override description =
    `For each group of machines of one release: the sizes of the layers, what they have in common, and the bytes stored for all of them as single archives, in the thesis's two levels and in the planned layers. For each machine: its largest packages, trees, caches, logs, data and files. Nothing is written.

DI0 is the base image, DI1 what machines share, DI2 the packages of one machine alone, DI3 everything else; Φ3 is their sum, χ the part of the machine that is not in DI3.`;

  static override examples = [
    { description: 'In seconds a machine:', command: '<%= config.bin %> <%= command.id %> --quick *.qcow2' },
    { description: 'For a spreadsheet:', command: '<%= config.bin %> <%= command.id %> --csv *.vmdk > sizes.csv' },
  ];

  static override strict = false;
  static override args = { vm: Args.string({ description: 'Machines to size.', required: true }) };
  static override flags = {
    ...readingAndPlanning,
    csv: Flags.boolean({ summary: 'One line for each machine, bytes throughout.', exclusive: ['json'] }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { argv, flags } = await this.parse(Size);
    const { csv, ...reading } = flags;
    const request = await toAnalyzeRequest(argv as string[], { ...reading, output: '', 'show-secrets': false });
    const { size } = await import('../pipeline/size.js');
    const { plan, sizing, report, failures } = await size(request, { progress: this.progress, signal: this.signal });
    this.stopProgress();
    // Rows end with CR LF as RFC 4180 has it; `log` adds the last line feed.
    this.log((csv ? sizingCsv(plan, sizing) : sizingText(plan, sizing)).replace(/\n$/, ''));
    reportFailures(failures);
    return report;
  }
}
