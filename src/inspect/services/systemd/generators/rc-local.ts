import { NOTHING_GENERATED } from '../generated.js';
import type { Generator } from './generator.js';

const SCRIPTS = ['/etc/rc.local', '/etc/rc.d/rc.local'];

/** systemd-rc-local-generator(8): an executable rc.local makes a boot run it. */
export const rcLocal: Generator = {
  program: 'systemd-rc-local-generator',
  async generate({ context: { fs } }) {
    const path = SCRIPTS.find((each) => ((fs.stat(each)?.mode ?? 0) & 0o111) !== 0);
    if (path === undefined) return NOTHING_GENERATED;
    const link = { rank: 'normal' as const, folder: 'multi-user.target.wants', name: 'rc-local.service', path };
    return { ...NOTHING_GENERATED, links: [link] };
  },
};
