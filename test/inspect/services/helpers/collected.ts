import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tar from 'tar-stream';
import type { MemoryNode } from '../../../../src/guest/memory/memory-guest.js';

/** Fragments of real systems that were collected beside the repository; they are no part of it. */
export const COLLECTED = fileURLToPath(new URL('../../../../../shared/guests', import.meta.url));
export const isCollected = existsSync(COLLECTED);
export const whySkipped = isCollected ? '' : ` (skipped: ${COLLECTED} is absent)`;

export function collectedArchives(): string[] {
  if (!isCollected) return [];
  return readdirSync(join(COLLECTED, 'guests')).filter((name) => name.endsWith('.tar.xz'));
}

/** One archive as the nodes of a guest in memory. */
export async function readArchive(name: string): Promise<Record<string, MemoryNode>> {
  const bytes = execFileSync('xz', ['-dc', join(COLLECTED, 'guests', name)], { maxBuffer: 512 * 1024 * 1024 });
  const nodes: Record<string, MemoryNode> = {};
  const extract = tar.extract();
  extract.end(bytes);
  for await (const entry of extract) {
    const { header } = entry;
    const path = `/${header.name.replace(/^\.?\/*/, '').replace(/\/+$/, '')}`;
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    if (path === '/') continue;
    const mode = header.mode ?? 0o644;
    if (header.type === 'symlink') nodes[path] = { target: header.linkname ?? '' };
    else if (header.type === 'directory') nodes[path] = { type: 'directory', mode };
    else if (header.type === 'file') nodes[path] = { content: Buffer.concat(chunks), mode };
  }
  return nodes;
}

/** The files of a collected folder, by their path in it. */
export function collectedFiles(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  const visit = (path: string, relative: string): void => {
    for (const name of readdirSync(path)) {
      const own = join(path, name);
      if (statSync(own).isDirectory()) visit(own, `${relative}${name}/`);
      else files.set(relative + name, readFileSync(own, 'latin1'));
    }
  };
  visit(join(COLLECTED, folder), '');
  return files;
}
