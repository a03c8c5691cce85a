import type { FileRecord } from '../../../model/files.js';
import type { InspectedMachine } from '../../../model/inspected.js';
import type { FitFinding } from '../../../model/os.js';

/** What does not work in an image without the secrets of a kind; kinds without a line keep some program from others. */
const CONSEQUENCE: Readonly<Record<string, string>> = {
  'password-hash': 'nobody logs in with a password; su and sudo ask for none that fits',
  'ssh-host-key': 'sshd does not start until ssh-keygen -A has made keys',
  'private-key': 'servers whose configuration names the key do not start',
  'archive-credentials': 'apt or dnf get nothing from the archives that want a password',
  'database-credentials': 'maintenance jobs of the database cannot log in to it',
  'mail-credentials': 'mail is not relayed by the host that wants a password',
  'dns-key': 'rndc cannot speak to named, and named may not start',
  'vpn-key': 'the tunnel does not come up',
  'kerberos-keytab': 'services cannot prove themselves to Kerberos',
};
const MAX_PATHS = 5;

/**
 * The machine without its secrets: every path that holds one is left out of all images, as class `secret`, and a
 * finding says by kind what will not work. Identities stay: they give no power.
 */
export function leaveSecretsOut(machine: InspectedMachine): InspectedMachine {
  const byKind = new Map<string, FileRecord[]>();
  const records = new Map<string, FileRecord>();
  for (const [path, record] of machine.files.records) {
    const { secret } = record;
    if (secret === undefined || record.excluded !== undefined) {
      records.set(path, record);
      continue;
    }
    records.set(path, { ...record, excluded: { class: 'secret', reason: `--exclude-secrets: ${secret}` } });
    byKind.set(secret, [...(byKind.get(secret) ?? []), record]);
  }
  if (byKind.size === 0) return machine;
  // Another name of a file is the same secret.
  const groups = new Map([...byKind.values()].flat().map((record) => [record.entry.fileId, record.secret!]));
  for (const [path, record] of records) {
    const kind = record.entry.type === 'file' ? groups.get(record.entry.fileId) : undefined;
    if (kind === undefined || record.excluded !== undefined) continue;
    records.set(path, { ...record, excluded: { class: 'secret', reason: `--exclude-secrets: ${kind}` } });
  }
  return {
    ...machine,
    files: { ...machine.files, records },
    fit: [...machine.fit, ...[...byKind].map(([kind, found]) => finding(kind, found))],
  };
}

function finding(kind: string, records: readonly FileRecord[]): FitFinding {
  const what = CONSEQUENCE[kind] ?? 'what reads it asks for it or fails';
  const count = records.length === 1 ? 'one file is' : `${records.length} files are`;
  return {
    rule: 'secrets-left-out',
    severity: 'warning',
    message: `Without ${kind} (${count} left out): ${what}.`,
    evidence: records.slice(0, MAX_PATHS).map(({ entry }) => ({ path: entry.path })),
  };
}
