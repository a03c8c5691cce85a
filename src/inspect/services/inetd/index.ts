import { NO_FINDINGS, type ServiceReader } from '../context.js';
import { runningPrograms } from '../started.js';
import { readInetdConf } from './inetd-conf.js';
import { readXinetd } from './xinetd.js';

export const inetd: ServiceReader = {
  name: 'inetd',
  paths: ['/etc/inetd.conf', '/etc/xinetd.conf', '/etc/xinetd.d', '/etc/services'],
  async read(context, earlier) {
    const xinetd = runningPrograms(earlier, ['xinetd']);
    const plain = runningPrograms(earlier, ['inetd', 'openbsd-inetd', 'inetutils-inetd', 'rlinetd']);
    // Debian's xinetd reads inetd.conf too when told so.
    const readsBoth = xinetd.some(({ command }) => command.includes('-inetd_compat'));
    const services = [
      ...(await readInetdConf(context, plain.length > 0 || readsBoth)),
      ...(await readXinetd(context, xinetd.length > 0)),
    ];
    return { ...NO_FINDINGS, services };
  },
};
