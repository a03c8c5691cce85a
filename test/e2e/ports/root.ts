import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { inspectPorts } from '../../../src/inspect/ports/index.js';
import type { ListeningPort } from '../../../src/model/services.js';
import { collect, commandOfUnit, readTexts } from '../../inspect/ports/debian-packages.js';
import { packages, service } from '../../inspect/ports/service.js';
import { DEBIAN_12 } from '../../plan/machine.js';
import type { Row } from './rows.js';

export interface ReadPorts {
  readonly command: readonly string[];
  readonly ports: readonly ListeningPort[];
  /** Text of the unit file; empty when there is none. */
  readonly unit: string;
  readonly problems: readonly string[];
}

/** What the files of a root say of where a daemon listens, after the row's edits. */
export async function readPorts(root: string, row: Row): Promise<ReadPorts> {
  const nodes: Record<string, MemoryNode> = {};
  collect(root, '', nodes);
  for (const [path, text] of Object.entries(editedFiles(root, row))) nodes[path] = text;
  const guest = memoryGuest(nodes);
  await readTexts(guest);
  const template = row.unit.replace(/@[^.]*/, '@');
  const path = ['/lib/systemd/system', '/etc/systemd/system']
    .map((folder) => `${folder}/${template}`)
    .find((candidate) => existsSync(join(root, candidate)));
  const unit = path === undefined ? '' : readFileSync(join(root, path), 'utf8');
  const { command: own, environment } = commandOfUnit(guest, row.unit, unit);
  const command = row.command ?? own;
  const tested = service(row.unit, command, { environment, evidence: [{ path: path ?? '/etc/init.d' }] });
  const inspection = await inspectPorts(guest, [tested], { packages: packages(versionsIn(root)), os: DEBIAN_12 });
  return {
    command,
    unit,
    ports: inspection.byService.get(row.unit)!.ports,
    problems: inspection.problems.map(({ code, path: where, reason }) => `${code} ${where}: ${reason}`),
  };
}

function versionsIn(root: string): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const record of readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8').split('\n\n')) {
    const name = /^Package: (.*)$/m.exec(record)?.[1];
    const version = /^Version: (.*)$/m.exec(record)?.[1];
    if (name !== undefined && version !== undefined) versions[name] = version;
  }
  return versions;
}

/** Path → text of every file that the row changes. */
export function editedFiles(root: string, row: Row): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row.edits ?? {}).map(([path, edit]) => [path, edit(readInRoot(root, path) ?? '')]),
  );
}

/** The text of a file of a root folder, whose absolute links start at the root; null when it is absent. */
export function readInRoot(root: string, path: string): string | null {
  let current = path;
  for (let hop = 0; hop < 16; hop += 1) {
    const own = join(root, current);
    const entry = lstatSync(own, { throwIfNoEntry: false });
    if (entry === undefined) return null;
    if (!entry.isSymbolicLink()) return entry.isFile() ? readFileSync(own, 'utf8') : null;
    current = resolve('/', dirname(current), readlinkSync(own));
  }
  return null;
}
