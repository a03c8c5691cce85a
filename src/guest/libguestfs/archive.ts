import { AppError } from '../../errors.js';
import { encodePath } from '../../model/path.js';
import type { Appliance } from '../../tools/guestfish.js';
import { readTar, type TarMember } from '../tar/read-tar.js';
import { type PipeEnd, parseTrailer, throughPipe } from './pipe.js';
import { LIST_FILE, tarOfList } from './scripts.js';

const MAX_TRAILER_BYTES = 1024 * 1024;

/** The paths of the guest as members of one tar archive, in their order; names begin with `./`. */
export async function* archivePaths(
  appliance: Appliance,
  index: number,
  paths: Iterable<string>,
  onEnd: (end: PipeEnd) => void,
): AsyncGenerator<TarMember> {
  await appliance.upload(listOf(paths), LIST_FILE);
  yield* readTar(throughPipe(appliance, tarOfList(index)), {
    async onEnd(rest) {
      const parts: Buffer[] = [];
      let size = 0;
      for await (const part of rest) {
        const words = withoutLeadingZeros(part, size === 0);
        size += words.length;
        if (size > MAX_TRAILER_BYTES) {
          throw new AppError('guest-read-failed', 'The appliance gives more than it should', { todo: 'Report this.' });
        }
        parts.push(words);
      }
      onEnd(parseTrailer(Buffer.concat(parts)));
    },
  });
}

/** Paths relative to the root, with `./` in front so that none looks like an option, each ended by NUL. */
function listOf(paths: Iterable<string>): Buffer {
  const parts: Buffer[] = [];
  const [prefix, end] = [Buffer.from('.'), Buffer.from([0])];
  for (const path of paths) parts.push(prefix, encodePath(path), end);
  return Buffer.concat(parts);
}

/** tar fills its last record with zeros. */
function withoutLeadingZeros(part: Buffer, isLeading: boolean): Buffer {
  if (!isLeading) return part;
  const start = part.findIndex((byte) => byte !== 0);
  return start === -1 ? Buffer.alloc(0) : part.subarray(start);
}
