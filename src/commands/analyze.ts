import { Args } from '@oclif/core';
import { BaseCommand } from './base-command.js';
import { machineFlags, toAnalyzeRequest } from './machine-flags.js';
import { printOutcome, sameMachines } from './outcome.js';

export default class Analyze extends BaseCommand {
  static override summary = 'Read powered-off machines and write a report and layered Dockerfiles.';

  static override description =
    `A machine is a disk image (VMDK, qcow2, raw, VHDX, VDI), a descriptor (.vmx, .ovf, .ova, libvirt .xml), several disks of one machine joined with "+", or a folder or tar archive of its root. NAME= before it names the machine.

The disks are only read. No root, no daemon and no network are needed.`;

  static override examples = [
    { description: 'One disk:', command: '<%= config.bin %> <%= command.id %> disk.vmdk' },
    {
      description: 'A machine of two disks, by name:',
      command: '<%= config.bin %> <%= command.id %> shop=root.qcow2+data.qcow2',
    },
    {
      description: 'In seconds, from metadata alone:',
      command: '<%= config.bin %> <%= command.id %> --quick disk.vmdk --json',
    },
    {
      description: 'An encrypted disk:',
      command: '<%= config.bin %> <%= command.id %> disk.qcow2 --key all:file:passphrase.txt',
    },
  ];

  static override strict = false;
  static override args = { vm: Args.string({ description: 'Machines to read.', required: true }) };
  static override flags = machineFlags;

  async run(): Promise<Record<string, unknown>> {
    const { argv, flags } = await this.parse(Analyze);
    const machines = argv as string[];
    const request = await toAnalyzeRequest(machines, flags);
    const { analyze } = await import('../pipeline/analyze.js');
    const outcome = await analyze(request, { progress: this.progress, signal: this.signal });
    const nextCommand = `${this.config.bin} convert ${sameMachines(machines)} --engine none`;
    return printOutcome(this, outcome, { outputFolder: flags.output, nextCommand });
  }
}
