import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.js';
import type { BuildRequest } from './engine.js';

/** `STEP 3/5: RUN …` (buildah, podman), `Step 3/5 : RUN …` (classic builder). */
const STEP = /^step \d+\/\d+ ?: (.*)$/i;
/** BuildKit names the line itself: `Dockerfile:12`. */
const BUILDKIT_LINE = /^Dockerfile:(\d+)$/;

/** A build that failed, with the line of the Dockerfile that it came to, as far as the output tells. */
export async function buildFailure(
  engine: string,
  { folder, tag }: BuildRequest,
  tail: readonly string[],
): Promise<AppError> {
  const dockerfile = await readFile(join(folder, 'Dockerfile'), 'utf8').catch(() => '');
  const line = failedLine(dockerfile, tail);
  const place = line === null ? '' : ` at line ${line} of its Dockerfile`;
  return new AppError('build-failed', `${engine} could not build ${tag}${place}`, {
    where: { path: join(folder, 'Dockerfile') },
    todo: 'Look at its last lines below; the whole output is in build.log.',
    detail: lastWords(tail),
  });
}

export function engineFailure(engine: string, what: string, tail: readonly string[]): AppError {
  return new AppError('engine-failed', `${engine} could not ${what}`, {
    todo: `Look at its last lines below, and see that ${engine} works: vm2docker-image doctor`,
    detail: lastWords(tail),
  });
}

/** Engines repeat the whole instruction in one line, which would hide what its command said before. */
function lastWords(tail: readonly string[]): string {
  const short = tail
    .slice(-12)
    .map((line) => (line.length > 300 ? `${line.slice(0, 150)} … ${line.slice(-100)}` : line));
  return short.join('\n').slice(-3000);
}

/** Number of the line, counted from 1; null when nothing tells. */
export function failedLine(dockerfile: string, tail: readonly string[]): number | null {
  for (const text of [...tail].reverse()) {
    const direct = BUILDKIT_LINE.exec(text.trim());
    if (direct !== null) return Number(direct[1]);
    const step = STEP.exec(text.trim());
    if (step === null) continue;
    // Engines join continued lines: the first of them begins what they print.
    const at = dockerfile.split('\n').findIndex((line) => {
      const beginning = line.replace(/\\$/, '').trim();
      return beginning !== '' && step[1]!.startsWith(beginning);
    });
    return at === -1 ? null : at + 1;
  }
  return null;
}
