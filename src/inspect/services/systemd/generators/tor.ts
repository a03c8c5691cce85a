import { type Generated, NOTHING_GENERATED } from '../generated.js';
import type { Generator } from './generator.js';

const INSTANCES = '/etc/tor/instances';

/** Debian's tor-generator: tor.service groups the default instance, and those that tor-instance-create(8) has made. */
export const tor: Generator = {
  program: 'tor-generator',
  async generate({ context: { fs } }) {
    const links: Generated['links'][number][] = [];
    const add = (name: string, path: string): void => {
      if (fs.exists(path)) links.push({ rank: 'normal', folder: 'tor.service.wants', name, path });
    };
    add('tor@default.service', '/etc/tor/torrc');
    for (const name of fs.list(INSTANCES).slice(0, 200)) {
      if (/^[A-Za-z0-9]+$/.test(name) && name !== 'default') add(`tor@${name}.service`, `${INSTANCES}/${name}/torrc`);
    }
    return { ...NOTHING_GENERATED, links };
  },
};
