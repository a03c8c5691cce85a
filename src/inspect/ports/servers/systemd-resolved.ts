import type { InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import type { Entry } from '../formats/lines.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, fromFile, isAtLeast, isNo, lastOf, readLines } from '../settings.js';

/** resolved.conf(5): the stub on 127.0.0.53 (and .54 since 247), LLMNR and mDNS on every interface. */
export const systemdResolved: PortReader = {
  name: 'systemd-resolved',
  programs: ['systemd-resolved'],
  packages: ['systemd-resolved', 'systemd'],
  async read(context) {
    const findings = await collectFindings(context);
    const { files } = context;
    const main = '/etc/systemd/resolved.conf';
    const folders = ['/usr/lib/systemd/resolved.conf.d', '/etc/systemd/resolved.conf.d'].flatMap((folder) =>
      files.folder(folder, '.conf'),
    );
    const entries: InFile<Entry>[] = [];
    for (const path of [main, ...folders])
      entries.push(...(await readLines(files, path, { ...INI_STYLE, separator: '=' })));
    const silent = fallback(context, main, 53);
    const stub = lastOf(entries, 'DNSStubListener');
    if (!isNo(stub?.value)) {
      const protocols = (['tcp', 'udp'] as const).filter(
        (protocol) => !['tcp', 'udp'].includes(stub?.value ?? '') || stub?.value === protocol,
      );
      const hosts = isAtLeast(context.version, '249') ? ['127.0.0.53', '127.0.0.54'] : ['127.0.0.53'];
      for (const host of hosts) for (const protocol of protocols) findings.add(host, 53, stub ?? silent, protocol);
    }
    for (const entry of entries) {
      if (entry.key !== 'DNSStubListenerExtra') continue;
      const [, only, address = ''] = /^(?:(tcp|udp):)?(.*)$/s.exec(entry.value)!;
      for (const protocol of ['tcp', 'udp'] as const) {
        if (only === undefined || only === protocol)
          findings.endpoint({ ...fromFile(entry), value: address }, { port: 53, protocol });
      }
    }
    // Debian builds with LLMNR and mDNS on since 250, off in networkd's own links unless asked for.
    const llmnr = lastOf(entries, 'LLMNR');
    if (!isNo(llmnr?.value))
      for (const protocol of ['tcp', 'udp'] as const) findings.add('*', 5355, llmnr ?? silent, protocol);
    return findings.done();
  },
};
