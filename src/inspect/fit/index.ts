import type { FitFinding } from '../../model/os.js';
import { KERNEL_RULES } from './kernel-rules.js';
import { NETWORK_RULES } from './network-rules.js';
import type { FitRule, FitSubject } from './rule.js';
import { SOFTWARE_RULES } from './software-rules.js';

export type { FitSubject } from './rule.js';

/** Every rule that looks at the machine as a whole; those of the system's age and of its hardware are with them. */
export const FIT_RULES: readonly FitRule[] = [...KERNEL_RULES, ...NETWORK_RULES, ...SOFTWARE_RULES];

/** Folders and files that the rules read, worth fetching in bulk beforehand. */
export const FIT_PATHS: readonly string[] = ['/etc'];

/** What stands in the way of running the machine as containers, each with its evidence. */
export async function inspectFit(subject: FitSubject): Promise<FitFinding[]> {
  const findings: FitFinding[] = [];
  for (const rule of FIT_RULES) {
    for (const { message, evidence, severity } of await rule.check(subject)) {
      findings.push({ rule: rule.id, severity: severity ?? rule.severity, message, evidence });
    }
  }
  return findings;
}
