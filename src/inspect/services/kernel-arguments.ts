import { joinPath } from '../../model/path.js';
import { readText, type ServiceContext } from './context.js';

const CONFIGURATIONS = [
  '/boot/grub/grub.cfg',
  '/boot/grub2/grub.cfg',
  '/etc/grub2.cfg',
  '/boot/grub/menu.lst',
  '/boot/grub/grub.conf',
  '/boot/extlinux/extlinux.conf',
  '/boot/extlinux.conf',
  '/boot/syslinux/syslinux.cfg',
  '/boot/cmdline.txt',
  '/boot/firmware/cmdline.txt',
];

/**
 * The words that the boot loader passes to the kernel, from the first entry of its configuration; else from what that
 * configuration is made of (/etc/kernel/cmdline, /etc/default/grub).
 */
export async function readKernelArguments(context: Pick<ServiceContext, 'fs' | 'report'>): Promise<string[]> {
  const { fs } = context;
  const entries = fs
    .list('/boot/loader/entries')
    .filter((name) => name.endsWith('.conf'))
    .map((name) => joinPath('/boot/loader/entries', name));
  for (const path of [...entries.reverse().slice(0, 1), ...CONFIGURATIONS, '/etc/kernel/cmdline']) {
    const text = await readText(context, path);
    const words = text === null ? null : firstEntry(text, /cmdline/.test(path));
    if (words !== null) return words;
  }
  const text = await readText(context, '/etc/default/grub');
  const words: string[] = [];
  for (const match of (text ?? '').matchAll(/^[ \t]*GRUB_CMDLINE_LINUX(?:_DEFAULT)?=(["']?)([^"'\n]*)\1/gm)) {
    words.push(...match[2]!.split(/\s+/));
  }
  return words.filter((word) => word !== '');
}

function firstEntry(text: string, isBare: boolean): string[] | null {
  if (isBare) return splitWords(text);
  for (const line of text.split('\n')) {
    const match = /^[ \t]*(?:linux(?:16|efi)?|kernel|options|append)[ \t]+(\S.*)$/i.exec(line.slice(0, 65536));
    if (match !== null && !/\$\{?kernelopts/.test(line)) return splitWords(match[1]!);
  }
  return null;
}

function splitWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
