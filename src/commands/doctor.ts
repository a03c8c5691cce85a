import { Args } from '@oclif/core';
import type { Check } from '../pipeline/doctor.js';
import { BaseCommand, EXIT } from './base-command.js';
import { machineFlags } from './machine-flags.js';

const SIGNS = { ok: 'ok  ', warning: 'warn', failed: 'FAIL' } as const;

export default class Doctor extends BaseCommand {
  static override summary = 'Check that this host has what reading disks and building images needs.';

  static override description =
    'Looks for libguestfs, the kernel of its appliance, KVM, QEMU and container engines. Each line that fails says what to install or do. Of machines that are named, says which reader --reader auto would take, and why. Exits with 1 when disks cannot be read.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> disk.qcow2 --json',
  ];

  static override strict = false;
  static override args = { vm: Args.string({ description: 'Machines to look at.' }) };
  static override flags = { 'allow-dir': machineFlags['allow-dir'] };

  async run(): Promise<{ checks: Check[] }> {
    const { argv, flags } = await this.parse(Doctor);
    const { checkHost, checkMachines } = await import('../pipeline/doctor.js');
    const { progress, signal } = this;
    const allowDirs = flags['allow-dir'] ?? [];
    const machines = await checkMachines({ machines: argv as string[], allowDirs, progress, signal });
    this.stopProgress();
    const checks = [...(await checkHost()), ...machines];
    const width = Math.max(...checks.map((check) => check.name.length));
    for (const check of checks) {
      this.log(`${SIGNS[check.status]}  ${check.name.padEnd(width)}  ${check.message}`);
      if (check.todo !== undefined) this.log(`      ${' '.repeat(width)}  → ${check.todo}`);
    }
    if (checks.some((check) => check.status === 'failed')) process.exitCode = EXIT.failed;
    return { checks };
  }
}
