import { joinPath } from '../../../model/path.js';
import type { PackageInspector } from '../package-inspector.js';
import { inspectRpm } from './inspect.js';
import { DATABASE_FOLDERS, DATABASE_NAMES, databaseFiles, MACRO_PLACES, macroFiles } from './locate.js';
import { REASON_PATHS } from './reasons/index.js';
import { CONFIGURATION_PATHS } from './repositories.js';

/** rpm with yum, dnf, zypper or urpmi: Red Hat, Fedora, SUSE, Mageia, Amazon, Oracle and their relatives. */
export const rpm: PackageInspector = {
  name: 'rpm',
  // Macros can put the database anywhere: where they exist, reading them tells.
  find: (fs) => {
    const files = databaseFiles(fs);
    return files.length > 0 ? files : macroFiles(fs);
  },
  // The other files in those folders are indexes of rpm's own, larger than the database.
  prefetch: [
    ...DATABASE_FOLDERS.flatMap((folder) =>
      [...DATABASE_NAMES, 'rpmdb.sqlite-wal'].map((name) => joinPath(folder, name)),
    ),
    ...MACRO_PLACES,
    ...REASON_PATHS,
    ...CONFIGURATION_PATHS,
  ],
  inspect: (fs) => inspectRpm(fs),
};
