import { expandGlob } from '../../../../syntax/glob.js';
import { readText } from '../../context.js';
import { type Generated, NOTHING_GENERATED } from '../generated.js';
import type { Generator } from './generator.js';

/** postgresql-common's generator: each cluster of /etc/postgresql that start.conf does not hold back hangs on postgresql.service. */
export const postgresql: Generator = {
  program: 'postgresql-generator',
  async generate({ context }) {
    const links: Generated['links'][number][] = [];
    for (const path of expandGlob(context.fs, '/etc/postgresql/*/*/postgresql.conf').slice(0, 500)) {
      const [, , , version, cluster] = path.split('/') as [string, string, string, string, string];
      const start = await readText(context, `/etc/postgresql/${version}/${cluster}/start.conf`, 65536);
      if (start !== null && startMode(start) !== 'auto') continue;
      const name = `postgresql@${version}-${cluster}.service`;
      links.push({ rank: 'normal', folder: 'postgresql.service.wants', name, path });
    }
    return { ...NOTHING_GENERATED, links };
  },
};

function startMode(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n');
}
