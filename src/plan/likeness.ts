import { createHash } from 'node:crypto';
import { type Entry, isHardLinked } from '../model/entry.js';
import { attributesText, type MachineFiles, withFolders } from './files.js';

/** SHA-256 of what an archive of the paths holds: the same for the same archive. */
export function contentOf(files: MachineFiles, paths: readonly string[]): string {
  const lines = withFolders(paths).map((path) => {
    const entry = files.machine.files.records.get(path)?.entry;
    return `${path}\0${entry === undefined ? '' : (likeness(files, entry) ?? '')}`;
  });
  return createHash('sha256').update(lines.join('\0')).digest('hex');
}

/** Equal for entries that an archive stores alike; null for a file whose content is not known. */
export function likeness(files: MachineFiles, entry: Entry): string | null {
  const { digests } = files.machine.files;
  const digest = entry.type === 'file' && entry.size > 0 ? digests.get(entry.path)?.sha256 : undefined;
  const isUnread = entry.type === 'file' && entry.size > 0 && digest === undefined;
  // A quick analysis reads no content and guesses by size and time; it writes no archives either.
  if (isUnread && digests.size > 0) return null;
  const { type, mode, uid, gid, mtime, size, allocated, target, device } = entry;
  // Holes are stored as holes.
  const stored = type === 'file' && allocated < size ? allocated : '';
  const plain = `${type} ${mode} ${uid} ${gid} ${mtime} ${size} ${stored} ${digest ?? ''}`;
  const names = isHardLinked(entry) ? files.hardLinks.get(entry.fileId) : undefined;
  const attributes = attributesText(files, entry.path);
  // Most have none of these.
  const isPlain = target === undefined && device === undefined && names === undefined && attributes === '';
  return isPlain ? plain : `${plain} ${JSON.stringify([target, device, names, attributes])}`;
}
