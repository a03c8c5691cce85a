import { shellAssignments, shellWords } from '../../../syntax/shell.js';
import { collectFindings } from '../findings.js';
import { configLines, unquote } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback } from '../settings.js';

/** Exim specification, chapter 13 (starting the daemon); Debian's update-exim4.conf(8). */
export const exim: PortReader = {
  name: 'exim',
  programs: ['exim4', 'exim', 'exim4-base'],
  packages: ['exim4-base', 'exim4', 'exim'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const debian = shellAssignments((await context.files.read('/etc/default/exim4')) ?? '');
    const runner = debian.findLast((assignment) => assignment.name === 'QUEUERUNNER')?.value;
    const viaScript = /init\.d|systemd/.test(command.program) || command.arguments.length === 0;
    if (
      viaScript
        ? /^(?:no|queueonly|nodaemon)$/.test(runner ?? '')
        : !command.arguments.some((word) => /^-bd/.test(word))
    )
      return findings.done();
    const options = await mainOptions(context);
    const smtpPorts = options.get('daemon_smtp_ports') ?? fallback(context, options.get('')?.value, 25);
    const extra = debian.findLast((assignment) => assignment.name === 'SMTPLISTENEROPTIONS' && assignment.value !== '');
    const listener = viaScript && extra !== undefined ? optionX(shellWords(extra.value)) : optionX(command.arguments);
    let ports: Setting = smtpPorts;
    let hosts: Setting | undefined = options.get('local_interfaces');
    if (listener !== undefined) {
      const evidence =
        viaScript && extra !== undefined
          ? { path: '/etc/default/exim4', line: extra.line }
          : command.setting(listener).evidence;
      // `-oX` holds ports, or addresses when it has a dot or a colon with more than digits around it.
      const items = eximList(listener);
      const addresses = items.filter((item) => !/^\d{1,5}$/.test(item));
      const numbers = items.filter((item) => /^\d{1,5}$/.test(item));
      if (numbers.length > 0) ports = { value: numbers.join(' : '), evidence, inferred: true };
      if (addresses.length > 0) hosts = { value: `<; ${addresses.join(' ; ')}`, evidence, inferred: true };
    }
    for (const host of hosts === undefined ? ['*'] : eximList(hosts.value)) {
      const own = /^\[?([^\]]*)\]?[.:](\d{1,5})$/.exec(host);
      // `[…]:25`, `127.0.0.1.25`, and of IPv6 without brackets `::1.25`.
      const hasPort = own !== null && /^\[|^(?:\d+\.){3}\d+[.:]\d+$|^[0-9a-f]*:[0-9a-f:]*\.\d+$/i.test(host);
      const origin = ports.evidence.line === undefined && hosts !== undefined ? hosts : ports;
      if (hasPort) findings.add(own![1]!, own![2]!, hosts!);
      else
        for (const port of eximList(ports.value))
          findings.add(host === '*' ? '*' : host.replace(/^<?\[?|\]$/g, ''), port, origin);
    }
    return findings.done();
  },
};

/** Main options: of a plain configuration, or of Debian's split one with the answers of its set-up in place of macros. */
async function mainOptions(context: PortContext): Promise<Map<string, Setting>> {
  const { command, files } = context;
  const options = new Map<string, Setting>();
  const answersPath = '/etc/exim4/update-exim4.conf.conf';
  const answers = await files.read(answersPath);
  const explicit =
    command.option('C')?.value ?? files.first(['/etc/exim4/exim4.conf', '/etc/exim/exim.conf', '/etc/exim.conf']);
  const isDebian = answers !== null && explicit === undefined;
  const split = isDebian && /^dc_use_split_config=['"]?true/m.test(answers);
  const local = split ? files.folder('/etc/exim4/conf.d/main') : [];
  const paths =
    explicit !== undefined
      ? [explicit]
      : split
        ? local
        : ['/etc/exim4/exim4.conf.localmacros', '/etc/exim4/exim4.conf.template'];
  const macros = new Map<string, Setting>();
  if (isDebian) {
    for (const { name, value, line } of shellAssignments(answers)) {
      if (name === 'dc_local_interfaces')
        macros.set('MAIN_LOCAL_INTERFACES', { value, evidence: { path: answersPath, line } });
    }
  }
  for (const path of paths) {
    for (const { text, line } of configLines((await files.read(path)) ?? '', { comments: '#', continuation: true })) {
      if (/^begin\s/.test(text)) break;
      const match = /^(?:hide\s+)?([A-Za-z_]\w*)\s*={1,2}\s*(.*)$/.exec(text);
      if (match === null) continue;
      const [, name = '', value = ''] = match;
      const setting = { value: unquote(value), evidence: { path, line } };
      const macro = macros.get(value.trim());
      if (/^[A-Z]/.test(name)) {
        if (!value.includes('DEBCONF')) macros.set(name, setting);
      } else options.set(name, macro ?? setting);
    }
  }
  // Debian's template leaves `local_interfaces` out for an empty answer.
  const interfaces = macros.get('MAIN_LOCAL_INTERFACES');
  if (interfaces !== undefined && interfaces.value.trim() !== '') options.set('local_interfaces', interfaces);
  else if (isDebian) options.delete('local_interfaces');
  const silent = explicit ?? (isDebian ? answersPath : undefined);
  if (silent !== undefined) options.set('', { value: silent, evidence: { path: silent } });
  return options;
}

function optionX(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word.startsWith('-oX'));
  if (at === -1) return undefined;
  return words[at]!.length > 3 ? words[at]!.slice(3) : words[at + 1];
}

/** An Exim list: parted by colons (doubled inside of items) or by the character after `<`. */
function eximList(text: string): string[] {
  const custom = /^\s*<\s*([^\w\s])\s*/.exec(text);
  const separator = custom?.[1] ?? ':';
  const body = custom === null ? text : text.slice(custom[0].length);
  const semicolons = custom === null && body.includes(';');
  const pieces = semicolons
    ? body.split(';')
    : separator === ':'
      ? body.replaceAll('::', '\0').split(':')
      : body.split(separator);
  return pieces.map((piece) => piece.replaceAll('\0', ':').trim()).filter((piece) => piece !== '');
}
