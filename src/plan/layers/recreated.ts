import type { FileRecord } from '../../model/files.js';
import { baseName } from '../../model/path.js';

/**
 * What an installation of the same packages makes again although no package lists it. `same`: with the same content,
 * so an exact delta leaves it out; `doubtful`: perhaps; `own`: the machine's own.
 *
 * Measured by rebuilding a Debian 12 server from its package list: compiled Python, locale archive, ld.so.cache and
 * alternatives come out equal but for their times.
 */
export type Recreation = 'same' | 'doubtful' | 'own';

const SAME: readonly RegExp[] = [
  /^\/var\/lib\/dpkg\/(?:info|alternatives)\//,
  /^\/etc\/alternatives\//,
  /^\/etc\/ld\.so\.cache$/,
  /^\/usr\/lib\/locale\/locale-archive$/,
  /^\/usr\/lib\/[^/]+\/gconv\/gconv-modules\.cache$/,
  /^\/etc\/ssl\/certs\//,
  /^\/etc\/rc[0-6S]\.d\//,
  /^\/etc\/systemd\/(?:system|user)\/[^/]+\.(?:wants|requires)\//,
  /^\/var\/lib\/systemd\/deb-systemd-(?:user-)?helper-(?:enabled|masked)\//,
  /^\/usr\/share\/mime\//,
  /^\/usr\/share\/glib-2\.0\/schemas\/gschemas\.compiled$/,
];

const DOUBTFUL: readonly RegExp[] = [
  /^\/var\/lib\/(?:ucf|pam|python|emacsen-common|xml-core|sgml-base|systemd\/catalog)\//,
  /^\/var\/cache\/(?:fontconfig|ldconfig)\//,
  /^\/usr\/share\/info\/dir/,
  /^\/usr\/share\/icons\/[^/]+\/icon-theme\.cache$/,
  /^\/usr\/lib\/[^/]+\/(?:gdk-pixbuf-2\.0|gio|gtk-[234]\.0)\//,
  /^\/usr\/lib\/(?:udev|systemd)\/hwdb\.bin$/,
  /^\/etc\/(?:pam\.d|default|java-[^/]+|emacs|perl)\//,
];

export function recreation(record: FileRecord, records: ReadonlyMap<string, FileRecord>): Recreation {
  const { path } = record.entry;
  if (record.state !== 'unowned') return 'own';
  if (record.entry.type === 'directory') return 'same';
  if (compiledPythonSource(path, records)) return 'same';
  if (record.entry.type === 'symlink' && record.entry.target?.startsWith('/etc/alternatives/') === true) return 'same';
  if (SAME.some((pattern) => pattern.test(path))) return 'same';
  return DOUBTFUL.some((pattern) => pattern.test(path)) ? 'doubtful' : 'own';
}

/** Keys of the packages that a recreated file counts to: those whose script makes it, as far as its name tells. */
export function producers(record: FileRecord, records: ReadonlyMap<string, FileRecord>): readonly string[] {
  const { path } = record.entry;
  const source = compiledPythonSource(path, records);
  return source?.owners ?? [];
}

function compiledPythonSource(path: string, records: ReadonlyMap<string, FileRecord>): FileRecord | undefined {
  const marker = path.lastIndexOf('/__pycache__/');
  if (marker === -1 || !path.endsWith('.pyc')) return undefined;
  const stem = baseName(path).split('.')[0]!;
  const source = records.get(`${path.slice(0, marker)}/${stem}.py`);
  return source !== undefined && source.owners.length > 0 ? source : undefined;
}
