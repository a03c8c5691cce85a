import type { GuestFs } from '../../../model/guest-fs.js';
import { joinPath } from '../../../model/path.js';

/** A start link of a run level: `/etc/rc2.d/S20nginx`. */
export interface StartLink {
  readonly level: string;
  readonly order: number;
  readonly script: string;
  readonly path: string;
}

/** Where init scripts lie; Red Hat's first, since its /etc/init.d is a link to it. */
const SCRIPT_FOLDERS = ['/etc/rc.d/init.d', '/etc/init.d'];
const LEVEL_FOLDERS = (level: string): string[] => [
  `/etc/rc${level}.d`,
  `/etc/rc.d/rc${level}.d`,
  `/etc/init.d/rc${level}.d`,
];

/** Files beside the scripts that are none: libraries, templates, leftovers of package managers. */
const NO_SCRIPTS =
  /^(?:README|skeleton.*|functions.*|rcS?|rc\.status|rc\.local\.orig|Makefile)$|~$|\.(?:dpkg-[a-z]+|rpm(?:save|new|orig)|bak|orig|swp|depend\.[a-z]+|ucf-[a-z]+)$|^\./;

/** Init scripts by name. `isScript` of systemd and insserv alike: a regular file that may be executed. */
export function listScripts(fs: GuestFs): Map<string, string> {
  const scripts = new Map<string, string>();
  for (const folder of SCRIPT_FOLDERS) {
    for (const name of fs.list(folder)) {
      const path = joinPath(folder, name);
      const entry = fs.stat(path);
      if (scripts.has(name) || NO_SCRIPTS.test(name) || entry?.type !== 'file' || (entry.mode & 0o100) === 0) continue;
      scripts.set(name, path);
    }
  }
  return scripts;
}

/** The start links of a run level (`S`, `1`…`5`), in the order rc takes them. A link counts by its name. */
export function startLinks(fs: GuestFs, level: string): StartLink[] {
  const links: StartLink[] = [];
  const seen = new Set<string>();
  for (const folder of LEVEL_FOLDERS(level)) {
    for (const name of fs.list(folder)) {
      const match = /^S([0-9]{2})(.+)$/.exec(name);
      const path = joinPath(folder, name);
      if (match === null || seen.has(name) || fs.stat(path)?.type !== 'file') continue;
      seen.add(name);
      links.push({ level, order: Number(match[1]), script: match[2]!, path });
    }
  }
  return links.sort((a, b) => a.order - b.order || (a.script < b.script ? -1 : a.script > b.script ? 1 : 0));
}
