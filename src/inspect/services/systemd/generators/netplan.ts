import { expandGlob } from '../../../../syntax/glob.js';
import { readText } from '../../context.js';
import { NOTHING_GENERATED } from '../generated.js';
import type { Generator } from './generator.js';

/** netplan(5): its files are rendered for systemd-networkd unless they name NetworkManager, and networkd is then started. */
export const netplan: Generator = {
  program: 'netplan',
  async generate({ context }) {
    for (const path of expandGlob(context.fs, '/etc/netplan/*.yaml').slice(0, 100)) {
      const text = (await readText(context, path)) ?? '';
      if (/^\s*renderer:\s*NetworkManager/m.test(text) || !/^\s*network:/m.test(text)) continue;
      const link = {
        rank: 'normal' as const,
        folder: 'multi-user.target.wants',
        name: 'systemd-networkd.service',
        path,
      };
      return { ...NOTHING_GENERATED, links: [link] };
    }
    return NOTHING_GENERATED;
  },
};
