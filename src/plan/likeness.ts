import { type Entry, isHardLinked } from '../model/entry.js';
import { attributesText, type MachineFiles, withFolders } from './files.js';

/** What an archive of the paths holds, in a form that is the same for the same archive. */
export function contentOf(files: MachineFiles, paths: readonly string[]): string[] {
  return withFolders(paths).map((path) => {
    const entry = files.machine.files.records.get(path)?.entry;
    return `${path}\0${entry === undefined ? '' : (likeness(files, entry) ?? '')}`;
  });
}

/** Equal for entries that an archive stores alike; null for a file whose content is not known. */
export function likeness(files: MachineFiles, entry: Entry): string | null {
  const { digests } = files.machine.files;
  const digest = entry.type === 'file' && entry.size > 0 ? digests.get(entry.path)?.sha256 : undefined;
  const isUnread = entry.type === 'file' && entry.size > 0 && digest === undefined;
  // A quick analysis reads no content and guesses by size and time; it writes no archives either.
  if (isUnread && digests.size > 0) return null;
  return JSON.stringify([
    entry.type,
    entry.mode,
    entry.uid,
    entry.gid,
    entry.mtime,
    entry.size,
    digest ?? null,
    entry.target ?? null,
    entry.device ?? null,
    // Holes are stored as holes.
    entry.type === 'file' && entry.allocated < entry.size ? entry.allocated : null,
    isHardLinked(entry) ? (files.hardLinks.get(entry.fileId) ?? null) : null,
    attributesText(files, entry.path),
  ]);
}
