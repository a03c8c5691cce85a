import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type MemoryGuest, type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';

const CONTENT =
  /^\/(?:etc|lib\/systemd|usr\/lib\/systemd|usr\/local|boot\/grub2?|boot\/loader|opt|srv|var\/spool|var\/lib\/(?:systemd|supervisor|dpkg\/status$))/;

/** A folder of the host as a guest in memory: all names, and the content of small files where services are described. */
export function folderGuest(root: string): MemoryGuest {
  const nodes: Record<string, MemoryNode> = {};
  const visit = (path: string): void => {
    for (const name of readdirSync(join(root, path))) {
      const own = `${path === '/' ? '' : path}/${name}`;
      const stat = lstatSync(join(root, own));
      const { mode, uid, gid, size } = stat;
      const common = { mode: mode & 0o7777, uid, gid, mtime: Math.floor(stat.mtimeMs / 1000) };
      if (stat.isSymbolicLink()) nodes[own] = { ...common, target: readlinkSync(join(root, own)) };
      else if (stat.isDirectory()) {
        nodes[own] = { ...common, type: 'directory' };
        if (!/^\/(?:proc|sys|dev|run|usr\/share\/(?:doc|locale|man))$/.test(own)) visit(own);
      } else if (stat.isFile()) {
        const isRead = CONTENT.test(own) && size < 2_000_000;
        nodes[own] = { ...common, size, content: isRead ? readFileSync(join(root, own)) : '' };
      }
    }
  };
  visit('/');
  return memoryGuest(nodes);
}
