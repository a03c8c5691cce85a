import { lstat, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The user's own cache folder; null when there is none that only the user may write to. */
export async function ownFolder(): Promise<string | null> {
  const named = process.env.XDG_CACHE_HOME;
  const parent = named !== undefined && isAbsolute(named) ? named : join(homedir(), '.cache');
  const folder = join(parent, 'vm2docker-image');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = await lstat(folder);
    const isOwn = uid === process.getuid?.() && (mode & 0o170000) === 0o040000 && (mode & 0o077) === 0;
    return isOwn ? folder : null;
  } catch {
    return null;
  }
}
