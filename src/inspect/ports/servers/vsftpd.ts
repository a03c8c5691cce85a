import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import { fallback, isAtLeast, isYes, lastOf, readLines } from '../settings.js';

/** vsftpd.conf(5). Without `listen` and `listen_ipv6` it waits for inetd; 3.0 switched `listen` on. */
export const vsftpd: PortReader = {
  name: 'vsftpd',
  programs: ['vsftpd'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'mapped' });
    const named = context.command.arguments.filter((argument) => argument.startsWith('/'));
    const paths =
      named.length > 0 ? named : [context.files.first(['/etc/vsftpd.conf', '/etc/vsftpd/vsftpd.conf']) ?? ''];
    for (const path of paths) {
      const entries = await readLines(context.files, path, { separator: '=', comments: '#' });
      const listen = lastOf(entries, 'listen');
      const listenIpv6 = lastOf(entries, 'listen_ipv6');
      const isIpv6 = isYes(listenIpv6?.value);
      if (!isIpv6 && !(listen === undefined ? isAtLeast(context.version, '3.0') : isYes(listen.value))) continue;
      const port =
        lastOf(entries, 'listen_port') ??
        (isIpv6
          ? { ...listenIpv6!, value: '21' }
          : listen === undefined
            ? fallback(context, path, 21)
            : { ...listen, value: '21' });
      const address = lastOf(entries, isIpv6 ? 'listen_address6' : 'listen_address');
      findings.add(address?.value ?? (isIpv6 ? '::' : '0.0.0.0'), port.value, port);
    }
    return findings.done();
  },
};
