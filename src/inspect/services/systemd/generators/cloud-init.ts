import { NOTHING_GENERATED } from '../generated.js';
import type { Generator } from './generator.js';

const MARK = '/etc/cloud/cloud-init.disabled';

/** cloud-init's generator, as far as a disk decides it: switched off by a file or the kernel command line, else on. */
export const cloudInit: Generator = {
  program: 'cloud-init-generator',
  async generate({ context }) {
    const isOff = context.fs.exists(MARK) || context.kernelArguments.includes('cloud-init=disabled');
    if (isOff) return NOTHING_GENERATED;
    const link = {
      rank: 'early' as const,
      folder: 'multi-user.target.wants',
      name: 'cloud-init.target',
      path: '/etc/cloud/cloud.cfg',
    };
    return { ...NOTHING_GENERATED, links: [link] };
  },
};
