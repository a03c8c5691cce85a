import type { InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { type Entry, INI_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, fromFile, isYes, readLines } from '../settings.js';

/** https://docs.couchdb.org/en/stable/config/http.html: default.ini, default.d, local.ini, local.d, the last one wins. */
export const couchdb: PortReader = {
  name: 'couchdb',
  programs: ['couchdb'],
  async read(context) {
    const findings = await collectFindings(context);
    const { files } = context;
    const folder = ['/opt/couchdb/etc', '/etc/couchdb'].find(
      (path) => files.first([`${path}/default.ini`, `${path}/local.ini`]) !== undefined,
    );
    if (folder === undefined) return findings.done();
    const paths = [
      `${folder}/default.ini`,
      ...files.folder(`${folder}/default.d`, '.ini'),
      `${folder}/local.ini`,
      ...files.folder(`${folder}/local.d`, '.ini'),
    ];
    const entries: InFile<Entry>[] = [];
    for (const path of paths) entries.push(...(await readLines(files, path, { ...INI_STYLE, separator: '=' })));
    const value = (section: string, key: string) =>
      entries.findLast((entry) => entry.section === section && entry.key === key);
    for (const section of ['chttpd', ...(value('httpd', 'enable')?.value === 'true' ? ['httpd'] : [])]) {
      const entry = value(section, 'port');
      const port =
        entry === undefined ? fallback(context, paths[0], section === 'chttpd' ? 5984 : 5986) : fromFile(entry);
      findings.add(value(section, 'bind_address')?.value ?? '127.0.0.1', port.value, port);
    }
    if (isYes(value('ssl', 'enable')?.value)) {
      const entry = value('ssl', 'port');
      const port = entry === undefined ? { ...fromFile(value('ssl', 'enable')!), value: '6984' } : fromFile(entry);
      findings.add(value('chttpd', 'bind_address')?.value ?? '127.0.0.1', port.value, port);
    }
    return findings.done();
  },
};
