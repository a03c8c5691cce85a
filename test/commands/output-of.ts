import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Every file below an output folder: of reports what they say, without `run` and the path as given, which differ between
 * equal runs; of everything else a SHA-256.
 */
export function outputOf(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    if (name !== 'report.json') files.set(name, createHash('sha256').update(bytes).digest('hex'));
    else {
      const { run: _, vms, ...rest } = JSON.parse(bytes.toString()) as { run: unknown; vms: { source: unknown }[] };
      files.set(name, JSON.stringify({ ...rest, vms: vms.map(({ source: __, ...vm }) => vm) }, null, 1));
    }
  }
  return files;
}
