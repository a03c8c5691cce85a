import type { Problem } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { joinPath } from '../../model/path.js';
import { globMatcher } from '../../syntax/glob.js';
import { readOptionalText } from '../../syntax/guest-text.js';

const MAX_BYTES = 256 * 1024;
const MAX_RULES = 200;

/**
 * What dpkg was told not to unpack: `path-exclude` and `path-include` of dpkg(1), the last rule that matches counts.
 * @returns The reason why a path was left out; undefined when it was to be unpacked.
 */
export async function pathFilter(fs: GuestFs, problems: Problem[]): Promise<(path: string) => string | undefined> {
  const parts = fs.list('/etc/dpkg/dpkg.cfg.d').filter((name) => /^[A-Za-z0-9_-]+$/.test(name));
  const files = ['/etc/dpkg/dpkg.cfg', ...parts.map((name) => joinPath('/etc/dpkg/dpkg.cfg.d', name))];
  const rules: { matches: (path: string) => boolean; reason: string | undefined }[] = [];
  for (const file of files) {
    const text = (await readOptionalText(fs, file, MAX_BYTES, problems)) ?? '';
    for (const [index, line] of text.split('\n').entries()) {
      const match = /^\s*path-(exclude|include)(?:\s*=\s*|\s+)["']?(\/[^"'\s]*)/.exec(line.slice(0, 4096));
      if (match === null || rules.length >= MAX_RULES) continue;
      // dpkg's `*` also matches slashes.
      const glob = globMatcher(match[2]!.replace(/\*+/g, '**'), { deep: true });
      const reason = match[1] === 'exclude' ? `path-exclude in ${file}:${index + 1}` : undefined;
      rules.push({ matches: (path) => glob.test(path), reason });
    }
  }
  rules.reverse();
  return (path) => rules.find((rule) => rule.matches(path))?.reason;
}
