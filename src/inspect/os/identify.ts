import type { Evidence, Problem } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import type { OperatingSystem } from '../../model/os.js';
import { readOptionalText } from '../../syntax/guest-text.js';
import { shellAssignments } from '../../syntax/shell.js';
import { DEBIAN_CODENAMES, RELEASE_FILES, type ReleaseFacts } from './release-files.js';

const MAX_BYTES = 256 * 1024;

export type Identity = Omit<OperatingSystem, 'architecture'>;

/** The distribution by its release files; null when no file says one. */
export async function identify(fs: GuestFs, problems: Problem[]): Promise<Identity | null> {
  for (const { paths, read } of RELEASE_FILES) {
    for (const path of paths) {
      const text = await readOptionalText(fs, path, MAX_BYTES, problems);
      const facts = text === undefined ? null : read(text);
      if (facts === null) continue;
      const completed = await complete(fs, facts, problems);
      return { ...completed.facts, evidence: [{ path }, ...completed.evidence] };
    }
  }
  return null;
}

/** Adds what the file that identified the system leaves open and another one tells. */
async function complete(
  fs: GuestFs,
  facts: ReleaseFacts,
  problems: Problem[],
): Promise<{ facts: ReleaseFacts; evidence: Evidence[] }> {
  if (facts.codename !== null && facts.versionId !== null) return { facts, evidence: [] };
  const path = '/etc/lsb-release';
  const text = await readOptionalText(fs, path, MAX_BYTES, problems);
  const fields = new Map(shellAssignments(text ?? '').map(({ name, value }) => [name, value]));
  const isSame = (fields.get('DISTRIB_ID') ?? '').toLowerCase().replace(/\s/g, '') === facts.id;
  const codename = isSame ? fields.get('DISTRIB_CODENAME') || null : null;
  if (facts.codename === null && codename !== null) return { facts: { ...facts, codename }, evidence: [{ path }] };
  if (facts.id === 'debian' && facts.codename === null) {
    return { facts: { ...facts, codename: DEBIAN_CODENAMES[facts.versionId ?? ''] ?? null }, evidence: [] };
  }
  return { facts, evidence: [] };
}
