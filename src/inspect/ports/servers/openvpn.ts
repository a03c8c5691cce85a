import { joinPath } from '../../../model/path.js';
import { absolute } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import { BLANK_STYLE } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, readLines } from '../settings.js';

/** openvpn(8): port, lport, proto, local, nobind, management; options of files and of the command line are the same. */
export const openvpn: PortReader = {
  name: 'openvpn',
  programs: ['openvpn', 'openvpn-server', 'openvpn-client'],
  async read(context) {
    const findings = await collectFindings(context);
    for (const path of configurationFiles(context)) await addInstance(context, path, findings);
    return findings.done();
  },
};

function configurationFiles(context: PortContext): string[] {
  const { command, files, service } = context;
  const folder = command.option('cd')?.value ?? service.workingDirectory ?? '/etc/openvpn';
  const named = command.options('config').map((setting) => absolute(setting.value, folder));
  if (named.length > 0) return named;
  const instance = /^openvpn(-server|-client)?@(.+)\.service$/.exec(service.name);
  if (instance !== null)
    return [joinPath(`/etc/openvpn${(instance[1] ?? '').replace('-', '/')}`, `${instance[2]}.conf`)];
  // An init script starts every configuration of its folder.
  return /init\.d/.test(command.program) ? files.folder('/etc/openvpn', '.conf') : [];
}

async function addInstance(context: PortContext, path: string, findings: Findings): Promise<void> {
  const entries = await readLines(context.files, path, { ...BLANK_STYLE, comments: '#;' });
  const setting = (name: string): Setting | undefined => {
    const entry = entries.findLast((candidate) => candidate.key === name);
    return context.command.option(name) ?? (entry === undefined ? undefined : fromFile(entry));
  };
  const management = setting('management')?.value.split(/\s+/);
  if (management?.[0] !== undefined) {
    if (management[1] === 'unix') findings.socket(management[0]);
    else if (!entries.some((entry) => entry.key === 'management-client'))
      findings.add(management[0], management[1] ?? '', setting('management')!);
  }
  if (entries.length === 0 || entries.some((entry) => entry.key === 'nobind')) return;
  const protocol = setting('proto')?.value ?? 'udp';
  const isServer = entries.some((entry) => ['server', 'mode', 'tls-server', 'server-bridge'].includes(entry.key));
  const isTcp = protocol.startsWith('tcp');
  if (isTcp && (protocol.includes('client') || (!protocol.includes('server') && !isServer))) return;
  const port = setting('lport') ?? setting('port') ?? fallback(context, path, 1194);
  const host = setting('local')?.value.split(/\s+/)[0] ?? (/6/.test(protocol) ? '*' : '0.0.0.0');
  findings.add(host, port.value, port, isTcp ? 'tcp' : 'udp');
}
