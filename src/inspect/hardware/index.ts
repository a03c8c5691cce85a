import type { GuestFs } from '../../model/guest-fs.js';
import type { Hardware } from '../../model/machine.js';
import type { FitFinding } from '../../model/os.js';
import { HARDWARE_RULES } from './rules.js';

/** What the machine's hardware, and programs that only serve it, say about running as a container. */
export function inspectHardware(fs: GuestFs, hardware: Hardware): FitFinding[] {
  return HARDWARE_RULES.flatMap((rule) =>
    rule
      .check(fs, hardware)
      .map(({ message, evidence }) => ({ rule: rule.id, severity: rule.severity, message, evidence })),
  );
}
