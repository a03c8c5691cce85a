import { absolute, type InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { type Entry, INI_STYLE, parseLines } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, fromFile } from '../settings.js';

/** https://www.pgbouncer.org/config.html: `listen_addr` (nothing is listened on without it), `listen_port`, `unix_socket_dir`. */
export const pgbouncer: PortReader = {
  name: 'pgbouncer',
  programs: ['pgbouncer'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'mapped' });
    const { command, files } = context;
    const path = command.arguments.find((word) => word.endsWith('.ini')) ?? '/etc/pgbouncer/pgbouncer.ini';
    const entries: InFile<Entry>[] = [];
    const add = async (file: string, depth: number): Promise<void> => {
      for (const entry of parseLines((await files.read(file)) ?? '', { ...INI_STYLE, separator: '=' })) {
        const included = /^%include\s+(\S+)/.exec(entry.key)?.[1];
        if (included !== undefined && depth < 8) {
          const target = absolute(included, '/etc/pgbouncer');
          if (files.mayInclude(target)) await add(target, depth + 1);
        } else entries.push({ ...entry, path: file });
      }
    };
    await add(path, 0);
    const setting = (key: string) => {
      const entry = entries.findLast((candidate) => candidate.section === 'pgbouncer' && candidate.key === key);
      return entry === undefined ? undefined : fromFile(entry);
    };
    const port = setting('listen_port') ?? fallback(context, path, 6432);
    const addresses = setting('listen_addr');
    for (const host of addresses?.value.split(/[\s,]+/).filter(Boolean) ?? []) {
      const origin = port.evidence.line === undefined ? addresses! : port;
      findings.add(host === '*' ? '0.0.0.0' : host, port.value, origin);
      if (host === '*') findings.add('::', port.value, origin);
    }
    const folder = setting('unix_socket_dir')?.value ?? '/tmp';
    if (folder !== '') findings.socket(`${folder}/.s.PGSQL.${port.value}`);
    return findings.done();
  },
};
