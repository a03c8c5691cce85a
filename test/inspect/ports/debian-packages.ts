import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type MemoryGuest, type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { decodePath } from '../../../src/model/path.js';
import { shellWords } from '../../../src/syntax/shell.js';
import { run } from '../../../src/tools/run.js';

/** Downloads are kept here from run to run. */
const CACHE = new URL('../../../build/debs/', import.meta.url).pathname;
const MAX_FILE = 600_000;
/** What configuration readers can want of a package. */
const WANTED =
  /^\/(?:etc|(?:usr\/)?lib\/systemd|usr\/share\/(?:dovecot|postfix|postgresql|tomcat|jetty|activemq|memcached|openssh|proftpd|chrony|cups|samba|nfs-common|zabbix-agent|rabbitmq|zookeeper|privoxy))/;
/** Folders that only lead to wanted ones. */
const ABOVE_WANTED = /^\/(?:usr|lib|usr\/share|usr\/lib)$/;

export interface DebianPackages {
  /** Null when all are there; otherwise why they cannot be had (no network, not Debian). */
  readonly missing: string | null;
  /** The files of some of them, as a guest that has just unpacked them, and their versions. */
  guest(names: readonly string[], more?: Readonly<Record<string, MemoryNode>>): MemoryGuest;
  versions(names: readonly string[]): Record<string, string>;
}

/** Fetches Debian packages once and unpacks them below build/debs; nothing is installed. */
export async function debianPackages(names: readonly string[]): Promise<DebianPackages> {
  mkdirSync(CACHE, { recursive: true });
  const absent = names.filter((name) => archiveOf(name) === undefined);
  let missing: string | null = null;
  if (absent.length > 0) {
    try {
      const result = await run('apt-get', ['download', ...absent], { timeoutMs: 240_000, cwd: CACHE });
      if (result.exitCode !== 0) missing = result.stderr.trim().split('\n').at(-1) ?? 'apt-get failed';
    } catch (error) {
      missing = error instanceof Error ? error.message : String(error);
    }
  }
  for (const name of missing === null ? names : []) await unpack(name);
  return {
    missing,
    guest: (wanted, more = {}) => {
      const nodes: Record<string, MemoryNode> = {};
      for (const name of wanted) collect(join(CACHE, 'unpacked', name), '', nodes);
      return memoryGuest({ ...nodes, ...more });
    },
    versions: (wanted) => Object.fromEntries(wanted.map((name) => [name, versionOf(name)])),
  };
}

function archiveOf(name: string): string | undefined {
  return readdirSync(CACHE).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
}

function versionOf(name: string): string {
  return decodeURIComponent(archiveOf(name)!.split('_')[1]!);
}

async function unpack(name: string): Promise<void> {
  const target = join(CACHE, 'unpacked', name);
  if (existsSync(target)) return;
  mkdirSync(join(CACHE, 'unpacked'), { recursive: true });
  await run('dpkg-deb', ['-x', join(CACHE, archiveOf(name)!), target], { timeoutMs: 120_000 });
}

/** Adds the small files of a folder on the host that configuration readers can want. */
export function collect(root: string, folder: string, nodes: Record<string, MemoryNode>): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    const real = join(root, path);
    if (entry.isDirectory() && (ABOVE_WANTED.test(path) || WANTED.test(path))) collect(root, path, nodes);
    else if (!WANTED.test(path)) continue;
    else if (entry.isSymbolicLink()) nodes[path] = { target: readlinkSync(real) };
    else if (entry.isFile() && lstatSync(real).size <= MAX_FILE) nodes[path] = readFileSync(real);
  }
}

/**
 * The argv of a unit's ExecStart with its EnvironmentFiles filled in, enough for the units that these packages bring;
 * the real reader of units is in another room.
 */
export function commandOfUnit(
  guest: MemoryGuest,
  unit: string,
  text: string,
): { command: string[]; environment: Record<string, string> } {
  const environment: Record<string, string> = {};
  const instance = /@([^.]*)\./.exec(unit)?.[1] ?? '';
  const joined = text.replace(/\\\n/g, ' ');
  for (const match of joined.matchAll(/^Environment=(.*)$/gm)) {
    for (const pair of shellWords(match[1]!)) {
      const at = pair.indexOf('=');
      if (at > 0) environment[pair.slice(0, at)] = pair.slice(at + 1);
    }
  }
  for (const match of joined.matchAll(/^EnvironmentFile=-?(.*)$/gm)) {
    const entry = guest.stat(
      match[1]!
        .trim()
        .replaceAll('%i', instance)
        .replaceAll('%p', unit.replace(/[@.].*$/, '')),
    );
    if (entry === undefined) continue;
    for (const line of contentOf(guest, entry.path).split('\n')) {
      const pair = /^(?:export )?([A-Za-z_]\w*)=(.*)$/.exec(line.trim());
      if (pair !== null) environment[pair[1]!] = pair[2]!.replace(/^(["'])(.*)\1$/, '$2');
    }
  }
  const start = /^ExecStart=[@\-:+!]*(.*)$/m.exec(joined)?.[1] ?? '';
  const words = shellWords(start.replaceAll(';', SEMICOLON)).flatMap((quoted) => {
    // A semicolon means nothing in a unit.
    const word = quoted.replaceAll(SEMICOLON, ';');
    const whole = /^\$(\w+)$/.exec(word);
    if (whole !== null) return shellWords(environment[whole[1]!] ?? '');
    return [
      word.replace(/\$\{?(\w+)\}?/g, (_all, name: string) => environment[name] ?? '').replace(/%[iI]/g, instance),
    ];
  });
  return { command: words, environment };
}

const SEMICOLON = '\u0001';

const texts = new WeakMap<MemoryGuest, Map<string, string>>();

/** Reads ahead what {@link commandOfUnit} needs, since guests answer later. */
export async function readTexts(guest: MemoryGuest): Promise<void> {
  const known = new Map<string, string>();
  for (const entry of guest.entries()) {
    if (entry.type === 'file' && /^\/etc\/(?:default|sysconfig|conf\.d)\//.test(entry.path)) {
      known.set(entry.path, decodePath(await guest.readFile(entry.path)));
    }
  }
  texts.set(guest, known);
}

function contentOf(guest: MemoryGuest, path: string): string {
  return texts.get(guest)?.get(path) ?? '';
}
