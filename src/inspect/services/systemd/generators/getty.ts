import { type Generated, NOTHING_GENERATED } from '../generated.js';
import { escapeUnitPart } from '../unit-name.js';
import type { Generator } from './generator.js';

/** systemd-getty-generator(8): a login on every `console=` that is no virtual terminal. */
export const getty: Generator = {
  program: 'systemd-getty-generator',
  async generate({ context }) {
    const links: Generated['links'][number][] = [];
    for (const word of context.kernelArguments) {
      const device = /^console=([A-Za-z]{1,16}[0-9]{0,4})(?:,|$)/.exec(word)?.[1];
      if (device === undefined || /^tty[0-9]*$/.test(device)) continue;
      const name = `serial-getty@${escapeUnitPart(device)}.service`;
      links.push({ rank: 'normal', folder: 'getty.target.wants', name, path: '/etc/default/grub' });
    }
    return { ...NOTHING_GENERATED, links };
  },
};
