import type { Entry } from '../model/entry.js';
import type { InspectedMachine } from '../model/inspected.js';
import { encodePath } from '../model/path.js';
import { tarRefusal } from '../syntax/layer-limits.js';

/**
 * Every path that the image must have, as mtree(5) with full paths: `mtree -f manifest.mtree -p ROOT` and bsdtar read
 * it. Names are bytes in vis(3) form; times are whole seconds, as in the layers.
 */
export function* mtreeManifest(machine: InspectedMachine): Generator<string> {
  yield '#mtree\n';
  for (const { entry, excluded } of machine.files.records.values()) {
    if (excluded !== undefined || tarRefusal(entry) !== null) continue;
    yield `${visEncodePath(entry.path === '/' ? '.' : `.${entry.path}`)} ${keywords(machine, entry).join(' ')}\n`;
  }
}

const TYPES: Readonly<Record<Entry['type'], string>> = {
  file: 'file',
  directory: 'dir',
  symlink: 'link',
  character: 'char',
  block: 'block',
  fifo: 'fifo',
  socket: 'socket',
};

function keywords(machine: InspectedMachine, entry: Entry): string[] {
  const digest = machine.files.digests.get(entry.path);
  return [
    `type=${TYPES[entry.type]}`,
    `mode=${entry.mode.toString(8).padStart(4, '0')}`,
    `uid=${entry.uid}`,
    `gid=${entry.gid}`,
    ...(entry.type === 'file' ? [`size=${entry.size}`] : []),
    ...(entry.type !== 'directory' && entry.links > 1 ? [`nlink=${entry.links}`] : []),
    `time=${entry.mtime}.0`,
    ...(entry.type === 'symlink' ? [`link=${visEncodePath(entry.target ?? '')}`] : []),
    ...(entry.device === undefined ? [] : [`device=linux,${entry.device.major},${entry.device.minor}`]),
    ...(digest === undefined || entry.type !== 'file' ? [] : [`sha256digest=${digest.sha256}`]),
  ];
}

/** What most paths consist of: nothing that `visEncode` would write otherwise. */
const PLAIN = /^[!"$-)+-<>@-Z^-~]*$/;

/** A guest path, or the target of a link, in vis(3) form. */
export function visEncodePath(path: string): string {
  return PLAIN.test(path) ? path : visEncode(encodePath(path));
}

/** Octal for everything outside of printable ASCII, and for what mtree gives a meaning: blank, `#`, `\`, `=`, globs. */
function visEncode(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    const isPlain = byte > 0x20 && byte < 0x7f && !'#\\=*?[]'.includes(String.fromCharCode(byte));
    text += isPlain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return text;
}
