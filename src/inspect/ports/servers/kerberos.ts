import { collectFindings, type Findings } from '../findings.js';
import { parseBlocks } from '../formats/blocks.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, isAtLeast } from '../settings.js';

const FILES = ['/etc/krb5kdc/kdc.conf', '/var/kerberos/krb5kdc/kdc.conf'];

/** MIT Kerberos, kdc.conf(5): lists of `[address:]port` for the KDC, and the ports of its administration server. */
export const kerberos: PortReader = {
  name: 'kerberos',
  programs: ['krb5kdc', 'krb5-kdc', 'kadmind', 'krb5-admin-server'],
  packages: ['krb5-kdc', 'krb5-server'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const path = files.first(FILES);
    const settings = path === undefined ? new Map<string, Setting>() : relations((await files.read(path)) ?? '', path);
    const of = (names: readonly string[], silent: string): Setting =>
      names.map((name) => settings.get(name)).find((setting) => setting !== undefined) ??
      fallback(context, path, silent);
    if (/kadmin|admin/.test(command.names[0] ?? '')) {
      addList(findings, command.option('port') ?? of(['kadmind_listen', 'kadmind_port'], '749'), 749, ['tcp']);
      addList(findings, of(['kpasswd_listen', 'kpasswd_port'], '464'), 464, ['tcp', 'udp']);
    } else {
      // Older ones listened for version 4, too.
      const silent = isAtLeast(context.version, '1.15') ? '88' : '88,750';
      addList(findings, command.option('p') ?? of(['kdc_listen', 'kdc_ports'], silent), 88, ['udp']);
      addList(findings, of(['kdc_tcp_listen', 'kdc_tcp_ports'], '88'), 88, ['tcp']);
    }
    return findings.done();
  },
};

function addList(findings: Findings, setting: Setting, port: number, protocols: readonly ('tcp' | 'udp')[]): void {
  for (const value of setting.value.split(/[\s,]+/)) {
    if (value === '' || value.startsWith('/')) continue;
    for (const protocol of protocols) findings.endpoint({ ...setting, value }, { port, protocol, host: '*' });
  }
}

/** `name = value` of [kdcdefaults] and of realms; what a realm says wins. */
function relations(text: string, path: string): Map<string, Setting> {
  const found = new Map<string, Setting>();
  const realms = new Map<string, Setting>();
  for (const { words, line, block } of parseBlocks(text, { ends: 'newline', comments: ['#'], operators: '=' })) {
    if (block === null && words[1] === '=')
      found.set(words[0]!, { value: words.slice(2).join(' '), evidence: { path, line } });
    for (const inner of block ?? []) {
      if (inner.words[1] === '=')
        realms.set(inner.words[0]!, { value: inner.words.slice(2).join(' '), evidence: { path, line: inner.line } });
    }
  }
  return new Map([...found, ...realms]);
}
