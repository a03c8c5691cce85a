import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import type { MemoryNode } from '../../src/guest/memory/memory-guest.js';
import { encodePath, parentPath } from '../../src/model/path.js';

/**
 * The one tree that every guest of the contract shows: names that hurt, every type, links of every kind, holes. Written
 * down once, built as a folder (root is needed for devices), an archive, a disk or in memory.
 */
export const CAPABILITY = Buffer.from('0100000280000000000000000000000000000000', 'hex');
/** As getxattr(2) gives them (acl(5), version 2): owner, user 1000, group, group 33, mask, others; a mask decides the group bits. */
export const ACCESS_ACL = Buffer.from(
  '02000000' +
    '01000600ffffffff' +
    '02000700e8030000' +
    '04000400ffffffff' +
    '0800040021000000' +
    '10000700ffffffff' +
    '20000400ffffffff',
  'hex',
);
export const DEFAULT_ACL = Buffer.from(
  '02000000' + '01000700ffffffff' + '02000500e8030000' + '04000500ffffffff' + '10000500ffffffff' + '20000500ffffffff',
  'hex',
);
export const MTIME = 1_500_000_000;
export const HOLE_START = 64 * 1024 * 1024;
export const HOLE_DATA = 'behind the hole';

export interface TreeNode {
  readonly type?: 'directory' | 'fifo' | 'character' | 'block' | 'socket';
  readonly content?: string;
  readonly target?: string;
  readonly linkTo?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly attributes?: Readonly<Record<string, Buffer>>;
  /** Content begins after a hole of this many bytes. */
  readonly hole?: number;
}

/** By guest path; parents first. The lone surrogate is the byte 0xE9. */
export const CONTRACT_TREE: Readonly<Record<string, TreeNode>> = {
  '/bin': { target: 'usr/bin' },
  '/dev': { type: 'directory' },
  '/etc': { type: 'directory' },
  '/etc/hostname': { content: 'contract\n' },
  '/etc/os-release': { target: '../usr/lib/os-release' },
  '/etc/fstab': { content: '# nothing but the root\n' },
  '/etc/shadow': { content: 'root:*:1::::::\n', mode: 0o640, gid: 42 },
  '/lib': { target: 'usr/lib' },
  '/odd': { type: 'directory', mode: 0o1777 },
  '/odd/ blanks ': { content: 'blanks' },
  '/odd/$(touch x)': { content: 'shell' },
  '/odd/-rf': { content: 'option' },
  '/odd/acl': { content: 'acl', mode: 0o674, attributes: { 'system.posix_acl_access': ACCESS_ACL } },
  '/odd/acls': { type: 'directory', attributes: { 'system.posix_acl_default': DEFAULT_ACL } },
  '/odd/back\\nslash': { content: 'backslash and n' },
  '/odd/block': { type: 'block', device: { major: 259, minor: 70000 }, mode: 0o660, gid: 6 },
  '/odd/capable': { content: 'capable', mode: 0o755, attributes: { 'security.capability': CAPABILITY } },
  '/odd/caf\udce9': { content: 'latin1' },
  '/odd/café': { content: 'utf8' },
  '/odd/character': { type: 'character', device: { major: 5, minor: 300 }, mode: 0o600 },
  '/odd/dir\udce9': { type: 'directory' },
  '/odd/dir\udce9/inner': { content: 'inner' },
  '/odd/empty': { content: '' },
  '/odd/escape': { target: '../../../../../../etc/shadow' },
  '/odd/fifo': { type: 'fifo' },
  '/odd/hard1': { content: 'one file, two names', attributes: { 'user.note': Buffer.from([0xff, 0x0a, 0x00, 0x3d]) } },
  '/odd/hard2': { linkTo: '/odd/hard1' },
  '/odd/loop1': { target: 'loop2' },
  '/odd/loop2': { target: 'loop1' },
  '/odd/new\nline': { content: 'newline' },
  '/odd/quo\'te"': { content: 'quotes' },
  '/odd/setuid': { content: 'setuid', mode: 0o4755, uid: 4_000_000_000, gid: 70000 },
  '/odd/socket': { type: 'socket', mode: 0o755 },
  '/odd/sparse': { content: HOLE_DATA, hole: HOLE_START },
  '/odd/star*[x]?': { content: 'glob' },
  '/proc': { type: 'directory' },
  '/usr': { type: 'directory' },
  '/usr/bin': { type: 'directory' },
  '/usr/bin/tool': { content: '#!/bin/sh\n', mode: 0o755 },
  '/usr/lib': { type: 'directory' },
  '/usr/lib/os-release': { content: 'ID=contract\n' },
};

/** Makes the tree in an empty folder; sockets are left to the caller. Needs root for owners, devices and attributes. */
export function buildFolder(folder: string): void {
  for (const [path, node] of Object.entries(CONTRACT_TREE)) {
    const place = Buffer.concat([Buffer.from(folder), encodePath(path)]);
    if (node.type === 'socket') continue;
    if (node.target !== undefined) symlinkSync(node.target, place);
    else if (node.linkTo !== undefined) linkSync(folder + node.linkTo, place);
    else if (node.type === 'directory') mkdirSync(place);
    else if (node.type === 'fifo') execFileSync('mkfifo', [folder + path]);
    else if (node.device !== undefined) {
      const { major, minor } = node.device;
      execFileSync('mknod', [folder + path, node.type === 'block' ? 'b' : 'c', String(major), String(minor)]);
    } else writeContent(place, node);
    if (node.target !== undefined || node.linkTo !== undefined) continue;
    chownSync(place, node.uid ?? 0, node.gid ?? 0);
    chmodSync(place, node.mode ?? (node.type === 'directory' ? 0o755 : 0o644));
    for (const [name, value] of Object.entries(node.attributes ?? {})) {
      execFileSync('setfattr', ['-n', name, '-v', `0x${value.toString('hex')}`, folder + path]);
    }
  }
  for (const path of Object.keys(CONTRACT_TREE).reverse()) {
    const { target, type } = CONTRACT_TREE[path]!;
    if (target === undefined && type !== 'socket')
      utimesSync(Buffer.concat([Buffer.from(folder), encodePath(path)]), MTIME, MTIME);
  }
  utimesSync(folder, MTIME, MTIME);
}

/** The same for a guest in memory, which has no holes. */
export function memoryNodes(): Record<string, MemoryNode> {
  const nodes: Record<string, MemoryNode> = {};
  for (const [path, { attributes, hole, ...node }] of Object.entries(CONTRACT_TREE)) {
    if (hole !== undefined) continue;
    nodes[path] = {
      ...node,
      mtime: MTIME,
      ...(attributes === undefined ? {} : { attributes: new Map(Object.entries(attributes)) }),
    } as MemoryNode;
  }
  return nodes;
}

/** Parents that the table does not name are a mistake in it. */
export function parentsAreNamed(): boolean {
  return Object.keys(CONTRACT_TREE).every((path) => parentPath(path) === '/' || parentPath(path) in CONTRACT_TREE);
}

function writeContent(place: Buffer, { content = '', hole = 0 }: TreeNode): void {
  const file = openSync(place, 'wx');
  if (hole > 0) ftruncateSync(file, hole + content.length);
  writeSync(file, content, hole);
  closeSync(file);
}
