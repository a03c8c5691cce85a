import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { Archive } from '../../../model/packages.js';
import { comparePaths, joinPath } from '../../../model/path.js';
import { readOptionalText } from '../../../syntax/guest-text.js';

/** yum(8) and dnf.conf(5): repositories may also stand in the main file; zypper has the same format elsewhere. */
const REPOSITORY_FOLDERS = ['/etc/yum.repos.d', '/etc/yum/repos.d', '/etc/distro.repos.d', '/etc/zypp/repos.d'];
const MAIN_FILES = ['/etc/yum.conf', '/etc/dnf/dnf.conf'];
const URPMI = '/etc/urpmi/urpmi.cfg';

const MAX_BYTES = 1024 * 1024;
const MAX_ARCHIVES = 10_000;

export const CONFIGURATION_PATHS: readonly string[] = [
  ...REPOSITORY_FOLDERS,
  ...MAIN_FILES,
  '/etc/yum',
  '/etc/dnf',
  '/etc/zypp',
  '/etc/urpmi',
  '/etc/rpm',
  '/etc/pki/rpm-gpg',
];

export async function readRepositories(fs: GuestFs, problems: Problem[]): Promise<Archive[]> {
  const archives: Archive[] = [];
  for (const path of [...MAIN_FILES, ...repositoryFiles(fs)]) {
    const text = await readOptionalText(fs, path, MAX_BYTES, problems);
    for (const archive of text === undefined ? [] : sections(text, path)) {
      if (archives.length < MAX_ARCHIVES) archives.push(archive);
    }
  }
  const urpmi = await readOptionalText(fs, URPMI, MAX_BYTES, problems);
  for (const archive of urpmi === undefined ? [] : urpmiMedia(urpmi)) {
    if (archives.length < MAX_ARCHIVES) archives.push(archive);
  }
  return archives;
}

/** Credentials stay away: repository files may hold them as `username`, and are named because nothing works without. */
export function configurationFiles(fs: GuestFs): string[] {
  const found = new Set<string>(repositoryFiles(fs));
  const single = [
    ...MAIN_FILES,
    URPMI,
    '/etc/zypp/zypp.conf',
    '/etc/zypp/locks',
    '/etc/yum/pluginconf.d/versionlock.list',
    '/etc/yum/pluginconf.d/versionlock.conf',
    '/etc/dnf/plugins/versionlock.list',
    '/etc/dnf/plugins/versionlock.conf',
    '/etc/dnf/versionlock.toml',
    '/etc/rpm/macros',
  ];
  for (const path of single) if (fs.stat(path)?.type === 'file') found.add(path);
  const folders: readonly [string, RegExp][] = [
    ['/etc/pki/rpm-gpg', /./],
    ['/etc/yum/vars', /^[A-Za-z0-9_]+$/],
    ['/etc/dnf/vars', /^[A-Za-z0-9_]+$/],
    ['/etc/dnf/modules.d', /\.module$/],
    ['/etc/rpm', /^macros\./],
  ];
  for (const [folder, names] of folders) {
    for (const name of fs.list(folder)) {
      const path = joinPath(folder, name);
      if (names.test(name) && fs.stat(path)?.type === 'file') found.add(path);
    }
  }
  return [...found].sort(comparePaths);
}

function repositoryFiles(fs: GuestFs): string[] {
  return REPOSITORY_FOLDERS.flatMap((folder) =>
    fs
      .list(folder)
      .filter((name) => name.endsWith('.repo'))
      .map((name) => joinPath(folder, name)),
  ).filter((path) => fs.stat(path)?.type === 'file');
}

interface Section {
  readonly name: string;
  readonly line: number;
  readonly fields: Map<string, string>;
}

/** `[id]`, `key = value`, continued by indented lines; variables such as `$releasever` stay as written. */
function* sections(text: string, path: string): Generator<Archive> {
  for (const { name, line, fields } of iniSections(text)) {
    if (name === 'main') continue;
    const uris = ['baseurl', 'metalink', 'mirrorlist'].flatMap((key) => words(fields.get(key)));
    const signedBy = words(fields.get('gpgkey'));
    const enabled = !/^(?:0|no|false|off)$/i.test(fields.get('enabled')?.trim() ?? '1');
    for (const uri of uris.slice(0, 100)) {
      yield { uri, suite: name, components: [], signedBy, enabled, evidence: { path, line } };
    }
  }
}

function iniSections(text: string): Section[] {
  const found: Section[] = [];
  let key: string | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.slice(0, 8192);
    if (/^\s*(?:[#;].*)?$/.test(line)) continue;
    const section = found.at(-1);
    if (line.startsWith('[')) {
      const end = line.indexOf(']');
      if (end > 1) found.push({ name: line.slice(1, end), line: index + 1, fields: new Map() });
      key = undefined;
    } else if (section !== undefined && /^[ \t]/.test(line)) {
      if (key !== undefined) section.fields.set(key, `${section.fields.get(key) ?? ''} ${line.trim()}`);
    } else if (section !== undefined) {
      const equals = line.indexOf('=');
      key = equals === -1 ? undefined : line.slice(0, equals).trim().toLowerCase();
      if (key !== undefined) section.fields.set(key, line.slice(equals + 1).trim());
    }
  }
  return found;
}

/** `Name of\ the\ medium URL {`, options in lines of their own, `}`: urpmi.cfg(5). */
function* urpmiMedia(text: string): Generator<Archive> {
  const lines = text.split('\n');
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (!line.endsWith('{') || line.length > 4096) continue;
    const parts = line
      .slice(0, -1)
      .trim()
      .split(/(?<!\\)[ \t]+/);
    const name = (parts[0] ?? '').replaceAll('\\ ', ' ');
    if (name === '') continue;
    const options: string[] = [];
    for (let at = index + 1; at < lines.length && at < index + 50; at += 1) {
      const option = lines[at]!.trim();
      if (option.startsWith('}')) break;
      options.push(option);
    }
    const mirrors = options
      .find((option) => option.startsWith('mirrorlist:'))
      ?.slice('mirrorlist:'.length)
      .trim();
    const folder = options
      .find((option) => option.startsWith('with-dir:'))
      ?.slice('with-dir:'.length)
      .trim();
    const uri =
      parts[1] ?? (mirrors === undefined ? undefined : `${mirrors}${folder === undefined ? '' : `#${folder}`}`);
    if (uri === undefined) continue;
    yield {
      uri,
      suite: name,
      components: [],
      signedBy: [],
      enabled: !options.includes('ignore'),
      evidence: { path: URPMI, line: index + 1 },
    };
  }
}

function words(value: string | undefined): string[] {
  return (value ?? '').split(/[\s,]+/).filter((word) => word !== '');
}
