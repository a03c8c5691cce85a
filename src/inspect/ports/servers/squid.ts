import { collectFindings } from '../findings.js';
import { BLANK_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fromFile, readLinesWithIncludes } from '../settings.js';

/** http://www.squid-cache.org/Doc/config/http_port/ and its neighbours; none of the ports has a default but ICP's 0. */
export const squid: PortReader = {
  name: 'squid',
  programs: ['squid', 'squid3'],
  packages: ['squid', 'squid-openssl'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'mapped' });
    const main =
      context.command.option('f')?.value ??
      context.files.first(['/etc/squid/squid.conf', '/etc/squid3/squid.conf', '/usr/local/squid/etc/squid.conf']);
    if (main === undefined) return findings.done();
    const entries = await readLinesWithIncludes(context.files, main, BLANK_STYLE, (entry) =>
      entry.key === 'include' ? entry.value.split(/\s+/) : undefined,
    );
    const override = context.command.option('a');
    let isFirst = true;
    for (const entry of entries) {
      const [address = ''] = entry.value.replace(/\$\{service_name\}/g, 'squid').split(/\s+/);
      const setting = { ...fromFile(entry), value: address };
      if (/^(?:http|https|ftp)_port$/.test(entry.key)) {
        // `-a PORT` takes the place of the first http_port.
        if (isFirst && override !== undefined && entry.key === 'http_port') findings.endpoint(override);
        else findings.endpoint(setting);
        isFirst = false;
      } else if (/^(?:icp|htcp|snmp)_port$|^udp_port$/.test(entry.key) && address !== '0') {
        findings.endpoint(setting, { protocol: 'udp' });
      }
    }
    return findings.done();
  },
};
