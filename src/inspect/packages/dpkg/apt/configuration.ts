import type { GuestFs } from '../../../../model/guest-fs.js';
import type { Archive } from '../../../../model/packages.js';
import { comparePaths, joinPath } from '../../../../model/path.js';
import { sourceFiles } from './sources.js';

/**
 * What makes apt and dpkg on another system fetch and unpack as this machine does: sources, keys, preferences, options.
 * Credentials (`auth.conf`) are not among them: they must never come into a layer.
 */
export function configurationFiles(fs: GuestFs, archives: readonly Archive[]): string[] {
  const single = ['/etc/apt/trusted.gpg', '/etc/apt/preferences', '/etc/apt/apt.conf', '/etc/dpkg/dpkg.cfg'];
  const folders: readonly [string, RegExp][] = [
    ['/etc/apt/trusted.gpg.d', /\.(?:gpg|asc)$/],
    ['/etc/apt/keyrings', /./],
    ['/etc/apt/preferences.d', /^[^.]+(?:\.pref)?$/],
    ['/etc/apt/apt.conf.d', /^[^.]+(?:\.conf)?$/],
    ['/etc/dpkg/dpkg.cfg.d', /^[A-Za-z0-9_-]+$/],
  ];
  const found = new Set(sourceFiles(fs));
  for (const path of [...single, ...archives.flatMap((archive) => archive.signedBy)]) {
    if (fs.stat(path)?.type === 'file') found.add(path);
  }
  for (const [folder, names] of folders) {
    for (const name of fs.list(folder)) {
      const path = joinPath(folder, name);
      if (names.test(name) && fs.stat(path)?.type === 'file') found.add(path);
    }
  }
  return [...found].sort(comparePaths);
}
