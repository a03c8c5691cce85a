import { type Generated, mergeGenerated } from '../generated.js';
import type { Generator, GeneratorInput } from './generator.js';

/** Every generator that is emulated. */
export const GENERATORS: readonly Generator[] = [];

const FOLDERS = [
  '/etc/systemd/system-generators',
  '/usr/local/lib/systemd/system-generators',
  '/usr/lib/systemd/system-generators',
  '/lib/systemd/system-generators',
];

export async function runGenerators(input: GeneratorInput): Promise<Generated> {
  const parts: Generated[] = [];
  for (const generator of GENERATORS) {
    if (isInstalled(input, generator.program)) parts.push(await generator.generate(input));
  }
  return mergeGenerated(parts);
}

/** The folder of highest precedence decides; a link to /dev/null there masks the generator. */
function isInstalled({ context: { fs } }: GeneratorInput, program: string): boolean {
  for (const folder of FOLDERS) {
    const entry = fs.lstat(`${folder}/${program}`);
    if (entry !== undefined)
      return entry.target !== '/dev/null' && fs.stat(`${folder}/${program}`)?.path !== '/dev/null';
  }
  return false;
}
