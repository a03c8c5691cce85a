import type { Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import { joinPath } from '../../../../model/path.js';
import { readOptionalText } from '../../../../syntax/guest-text.js';
import type { PackageFacts } from '../header/facts.js';
import type { ReasonSource, RecordedReason } from './recorded.js';

/** yum's notes, and those of dnf 1 and 2: `L/CHECKSUM-NAME-VERSION-RELEASE-ARCH/{reason,from_repo,…}`, a word in each. */
export const YUMDB_FOLDERS = ['/var/lib/dnf/yumdb', '/var/lib/yum/yumdb'] as const;

const MAX_PACKAGES = 100_000;
const MAX_WORD = 4096;

export async function readYumdb(fs: GuestFs, problems: Problem[]): Promise<ReasonSource> {
  const found = new Map<string, RecordedReason>();
  for (const folder of YUMDB_FOLDERS) {
    for (const initial of fs.list(folder)) {
      for (const name of fs.list(joinPath(folder, initial))) {
        const package_ = /^[0-9a-f]{32,64}-(.{1,1000})$/.exec(name)?.[1];
        if (package_ === undefined || found.has(package_) || found.size >= MAX_PACKAGES) continue;
        const notes = joinPath(joinPath(folder, initial), name);
        const reason = await word(fs, joinPath(notes, 'reason'), problems);
        const repository = await word(fs, joinPath(notes, 'from_repo'), problems);
        found.set(package_, {
          auto: reason === 'dep' ? true : reason === 'user' || reason === 'group' ? false : null,
          ...(repository === undefined || repository === '' ? {} : { repository }),
          evidence: { path: joinPath(notes, 'reason') },
        });
      }
    }
  }
  return (item) => found.get(folderName(item));
}

/** The epoch is not part of the name. */
function folderName({ name, version, architecture }: PackageFacts): string {
  return `${name}-${version.slice(version.indexOf(':') + 1)}-${architecture}`;
}

async function word(fs: GuestFs, path: string, problems: Problem[]): Promise<string | undefined> {
  return (await readOptionalText(fs, path, MAX_WORD, problems))?.trim();
}
