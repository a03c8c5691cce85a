import { shellAssignments, shellWords } from '../../../syntax/shell.js';
import type { InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { type Entry, INI_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isAtLeast, isNo, isYes, readLines } from '../settings.js';

/** nfs.conf(5). Ports of mountd, statd and lockd are chosen at run time unless they are set. */
export const nfs: PortReader = {
  name: 'nfs',
  programs: [
    'rpc.nfsd',
    'nfs-server',
    'nfs-kernel-server',
    'nfsd',
    'rpc.mountd',
    'nfs-mountd',
    'rpc.statd',
    'rpc-statd',
  ],
  packages: ['nfs-kernel-server', 'nfs-utils', 'nfs-common'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const entries: InFile<Entry>[] = [];
    const main = '/etc/nfs.conf';
    for (const path of [main, ...files.folder('/etc/nfs.conf.d', '.conf'), '/etc/nfs.conf.local']) {
      entries.push(...(await readLines(files, path, { ...INI_STYLE, separator: '=' })));
    }
    const setting = (section: string, key: string): Setting | undefined => {
      const entry = entries.findLast(
        (candidate) => candidate.section.toLowerCase() === section && candidate.key.toLowerCase() === key,
      );
      return entry === undefined ? undefined : fromFile(entry);
    };
    const name = command.names[0] ?? '';
    if (/mountd|statd/.test(name)) {
      const section = name.includes('mountd') ? 'mountd' : 'statd';
      const variable = section === 'mountd' ? 'RPCMOUNTDOPTS' : 'STATDOPTS';
      const path = section === 'mountd' ? '/etc/default/nfs-kernel-server' : '/etc/default/nfs-common';
      const line = shellAssignments((await files.read(path)) ?? '').findLast(
        (assignment) => assignment.name === variable,
      );
      const words = shellWords(line?.value ?? '');
      const at = words.findIndex((word) => word === '--port' || word === '-p');
      const old = at === -1 ? words.find((word) => word.startsWith('--port='))?.slice(7) : words[at + 1];
      const port =
        command.option('port', 'p') ??
        setting(section, 'port') ??
        (old === undefined ? undefined : { value: old, evidence: { path, line: line!.line } });
      if (port !== undefined)
        for (const protocol of ['tcp', 'udp'] as const) findings.add('*', port.value, port, protocol);
      return findings.done();
    }
    const port = command.option('p', 'port') ?? setting('nfsd', 'port') ?? fallback(context, main, 2049);
    const host = setting('nfsd', 'host')?.value ?? '*';
    if (!isNo(setting('nfsd', 'tcp')?.value)) findings.add(host, port.value, port, 'tcp');
    const udp = setting('nfsd', 'udp');
    // UDP was on until nfs-utils 2.2.
    if (udp === undefined ? !isAtLeast(context.version, '2.2') : isYes(udp.value))
      findings.add(host, port.value, udp ?? port, 'udp');
    return findings.done();
  },
};
