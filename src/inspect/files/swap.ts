import type { Entry } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { joinPath } from '../../model/path.js';
import { readOptionalText } from '../../syntax/guest-text.js';

const MAX_BYTES = 256 * 1024;
const UNIT_FOLDERS = ['/etc/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system'];
const USUAL_NAMES = ['/swapfile', '/swap.img', '/swap', '/swap/swapfile', '/var/swap', '/var/swapfile'];

/** Swap files by canonical path, each with the reason: fstab, a systemd unit, or a usual name with the right mode. */
export async function swapFiles(fs: GuestFs, problems: Problem[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const add = (path: string, reason: string): void => {
    const entry = fs.stat(path);
    if (entry?.type === 'file' && !path.startsWith('/dev/') && !found.has(entry.path)) found.set(entry.path, reason);
  };
  const fstab = (await readOptionalText(fs, '/etc/fstab', MAX_BYTES, problems)) ?? '';
  for (const [index, line] of fstab.split('\n').entries()) {
    const [device, , type] = line.trim().split(/\s+/);
    if (type === 'swap' && device?.startsWith('/') === true) {
      add(unescapeFstab(device), `swap file in /etc/fstab:${index + 1}`);
    }
  }
  for (const folder of UNIT_FOLDERS) {
    for (const name of fs.list(folder).filter((item) => item.endsWith('.swap'))) {
      const path = joinPath(folder, name);
      const text = (await readOptionalText(fs, path, MAX_BYTES, problems)) ?? '';
      const what = /(?:^|\n)[ \t]*What[ \t]*=[ \t]*(\/[^\n]*)/.exec(text)?.[1];
      if (what !== undefined) add(what.trim(), `swap file of ${path}`);
    }
  }
  for (const path of USUAL_NAMES) {
    const entry = fs.lstat(path);
    if (entry !== undefined && looksLikeSwap(entry)) add(path, 'has the name and the mode of a swap file');
  }
  return found;
}

/** Root's alone and whole pages: what `swapon` asks for. */
export function looksLikeSwap(entry: Entry): boolean {
  return (
    entry.type === 'file' && entry.uid === 0 && entry.mode === 0o600 && entry.size >= 40960 && entry.size % 4096 === 0
  );
}

/** Ends of the first page for the page sizes there are: where mkswap writes its magic. */
export const SWAP_MAGIC_OFFSETS: readonly number[] = [4086, 8182, 16374, 32758, 65526];

/** Whether the beginning of a file says that it is swap space (`SWAPSPACE2`, or `SWAP-SPACE` of old). */
export function hasSwapMagic(head: Buffer): boolean {
  return SWAP_MAGIC_OFFSETS.some((offset) => {
    const magic = head.toString('latin1', offset, offset + 10);
    return magic === 'SWAPSPACE2' || magic === 'SWAP-SPACE';
  });
}

/** fstab(5) writes blanks and backslashes in octal. */
function unescapeFstab(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
