import { dirname, isAbsolute, join, parse } from 'node:path';
import { AppError } from '../errors.js';
import { isWithin } from '../model/path.js';
import { excerpt, unsupported } from './failures.js';
import { type HostFile, kindOf, lookAt, openHostFile } from './host-file.js';

/** Folders that files may lie in which an image or a descriptor refers to: real paths. */
export interface AllowedFolders {
  readonly own: string;
  readonly named: readonly string[];
}

/** What a reference is, for messages: `backing file`, `extent`, `parent`, … */
export interface Reference {
  readonly role: string;
  readonly text: string;
  /** The image or descriptor that holds the reference, and its real path. */
  readonly disk: string;
  readonly holder: string;
  /** Look for the same base name in the allowed folders when the path leads nowhere (moved VMware parents). */
  readonly orBaseName?: boolean;
}

/**
 * Opens the file that an image refers to, after its real path was found to lie in an allowed folder. Nothing outside
 * of those folders is ever opened, and neither is anything but a regular file.
 * @throws AppError `input-refused-reference`, `input-missing-reference`, `input-unsupported`, `input-unreadable`.
 */
export async function openReference(reference: Reference, allowed: AllowedFolders): Promise<HostFile> {
  const path = await locate(reference, allowed);
  return openHostFile(path, reference.disk);
}

async function locate(reference: Reference, allowed: AllowedFolders): Promise<string> {
  const { text, disk, role } = reference;
  refuseProtocol(reference);
  const wanted = isAbsolute(text) ? text : join(dirname(reference.holder), text);
  let found = await resolve(wanted);
  if (found === null) {
    const baseName = text.split(/[/\\]/).pop() ?? '';
    if (reference.orBaseName === true && baseName !== '' && baseName !== '.' && baseName !== '..') {
      for (const folder of [allowed.own, ...allowed.named]) found ??= await resolve(join(folder, baseName));
    }
    if (found === null) throw missing(reference, wanted);
  }
  if (!isAllowed(found.realPath, allowed)) {
    throw new AppError(
      'input-refused-reference',
      `${disk} wants ${excerpt(found.realPath)} as its ${role}, which lies outside of the folder of the disk`,
      {
        where: { disk, path: excerpt(found.realPath) },
        todo: `If that file really belongs to the machine, allow its folder: --allow-dir ${JSON.stringify(dirname(found.realPath))}. It was not opened.`,
      },
    );
  }
  if (!found.isFile) {
    throw new AppError(
      'input-refused-reference',
      `${disk} wants ${excerpt(found.realPath)} as its ${role}, which is ${found.kind}`,
      {
        where: { disk, path: excerpt(found.realPath) },
        todo: 'Only regular files are opened. Put the real file there, and run again.',
      },
    );
  }
  return found.realPath;
}

function isAllowed(realPath: string, allowed: AllowedFolders): boolean {
  // An image in the top folder must not open up the whole host.
  const inOwn =
    allowed.own === parse(allowed.own).root ? dirname(realPath) === allowed.own : isWithin(realPath, allowed.own);
  return inOwn || allowed.named.some((folder) => isWithin(realPath, folder));
}

/** QEMU takes `json:{…}` and `protocol:rest` in place of a file name; VMware takes devices. None of these is a file. */
function refuseProtocol({ text, disk, role }: Reference): void {
  if (text === '' || text.includes('\0')) {
    throw unsupported(disk, `the name of its ${role} is empty or holds a NUL`, 'Export the disk again as one file.');
  }
  const protocol = /^([A-Za-z][A-Za-z0-9+.-]{0,30}):/.exec(text)?.[1];
  if (protocol !== undefined && protocol.length > 1) {
    throw new AppError(
      'input-refused-reference',
      `${disk} wants ${excerpt(text)} as its ${role}, which is no file but a ${protocol}: reference`,
      {
        where: { disk, path: excerpt(text) },
        todo: 'Nothing is fetched over a network or built from such text. Merge the disk into one file where that source can be reached (qemu-img convert), then name the result.',
      },
    );
  }
}

function missing({ disk, role, text }: Reference, wanted: string): AppError {
  const name = excerpt(text.split(/[/\\]/).pop() ?? text);
  return new AppError('input-missing-reference', `${disk} needs ${excerpt(text)} as its ${role}, and it is not there`, {
    where: { disk, path: excerpt(wanted) },
    todo: `Copy ${name} next to ${disk}, or name its folder with --allow-dir if the disk points there.`,
  });
}

async function resolve(path: string): Promise<{ realPath: string; isFile: boolean; kind: string } | null> {
  try {
    const { realPath, stats } = await lookAt(path);
    return { realPath, isFile: stats.isFile(), kind: kindOf(stats) };
  } catch (error) {
    if (error instanceof AppError && error.code === 'input-missing') return null;
    throw error;
  }
}
