import { type Check, checkHost } from '../pipeline/doctor.js';
import { BaseCommand, EXIT } from './base-command.js';

const SIGNS = { ok: 'ok  ', warning: 'warn', failed: 'FAIL' } as const;

export default class Doctor extends BaseCommand {
  static override summary = 'Check that this host has what reading disks and building images needs.';

  static override description =
    'Looks for libguestfs, the kernel of its appliance, KVM, QEMU and container engines. Each line that fails says what to install or do. Exits with 1 when disks cannot be read.';

  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  async run(): Promise<{ checks: Check[] }> {
    await this.parse(Doctor);
    const checks = await checkHost();
    const width = Math.max(...checks.map((check) => check.name.length));
    for (const check of checks) {
      this.log(`${SIGNS[check.status]}  ${check.name.padEnd(width)}  ${check.message}`);
      if (check.todo !== undefined) this.log(`      ${' '.repeat(width)}  → ${check.todo}`);
    }
    if (checks.some((check) => check.status === 'failed')) process.exitCode = EXIT.failed;
    return { checks };
  }
}
