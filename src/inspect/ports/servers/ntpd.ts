import { collectFindings } from '../findings.js';
import { BLANK_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, fromFile, readLines } from '../settings.js';

/** ntpd(8) and NTPsec take the wildcard on 123; OpenNTPD listens only where `listen on` says. */
export const ntpd: PortReader = {
  name: 'ntpd',
  programs: ['ntpd', 'ntp', 'ntpsec', 'openntpd', 'ntp-systemd-wrapper'],
  packages: ['ntpsec', 'ntp', 'openntpd'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const isOpen =
      context.packageName === 'openntpd' ||
      command.names.includes('openntpd') ||
      files.first(['/etc/openntpd/ntpd.conf']) !== undefined;
    const path =
      command.option('c', 'f')?.value ??
      files.first(isOpen ? ['/etc/openntpd/ntpd.conf', '/etc/ntpd.conf'] : ['/etc/ntpsec/ntp.conf', '/etc/ntp.conf']);
    const entries = await readLines(files, path, BLANK_STYLE);
    if (isOpen) {
      for (const entry of entries) {
        const host = /^on\s+(\S+)/.exec(entry.value)?.[1];
        if (entry.key === 'listen' && host !== undefined) findings.add(host, 123, fromFile(entry), 'udp');
      }
      return findings.done();
    }
    const rules = entries.filter((entry) => entry.key === 'interface' || entry.key === 'nic');
    const ignoresAll = rules.some((entry) => /^(?:ignore|drop)\s+(?:all|wildcard)/.test(entry.value));
    const listens = rules.filter((entry) => entry.value.startsWith('listen'));
    if (ignoresAll && listens.length > 0) {
      for (const entry of listens) {
        const [, target = ''] = entry.value.split(/\s+/);
        const host = target === 'lo' ? '127.0.0.1' : /^[\d.]+$|:/.test(target) ? target : '*';
        findings.add(host, 123, fromFile(entry), 'udp');
      }
      return findings.done();
    }
    const wildcard = command.has('4', 'ipv4') ? '0.0.0.0' : command.has('6', 'ipv6') ? '::' : '*';
    findings.add(wildcard, 123, fallback(context, path, 123), 'udp');
    return findings.done();
  },
};
