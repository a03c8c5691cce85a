import { parseEndpoint } from '../addresses.js';
import type { ConfigFiles } from '../config-files.js';
import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';

/** master(5): services of type `inet`; postconf(5): inet_interfaces, inet_protocols. */
export const postfix: PortReader = {
  name: 'postfix',
  programs: ['postfix', 'master', 'postmulti'],
  async read(context) {
    const findings = await collectFindings(context);
    const folder = context.command.option('c')?.value ?? instanceFolder(context.service.name);
    const main = await mainParameters(context.files, `${folder}/main.cf`);
    const interfaces = expanded(main.get('inet_interfaces')?.value ?? 'all', main);
    const protocols = expanded(main.get('inet_protocols')?.value ?? 'all', main).split(/[\s,]+/);
    const allows = (host: string): boolean =>
      protocols.includes('all') || protocols.includes(host.includes(':') ? 'ipv6' : 'ipv4');
    const wildcard = ['0.0.0.0', '::'].filter(allows);
    for (const { fields, line } of logicalLines((await context.files.read(`${folder}/master.cf`)) ?? '')) {
      const [name = '', type, , , , , maximum, program] = fields;
      if (type === 'unix' || type !== 'inet' || program === undefined || maximum === undefined) continue;
      const origin = { evidence: { path: `${folder}/master.cf`, line } };
      const endpoint = parseEndpoint(expanded(name, main));
      if (endpoint === null) {
        findings.problem('address-unreadable', `${folder}/master.cf`, `line ${line}: ${name.slice(0, 80)}`);
        continue;
      }
      // A bare name is a port; with an address it holds whatever inet_interfaces says.
      const port = endpoint.port || endpoint.host;
      const own = endpoint.port !== '' && endpoint.host !== '' ? [endpoint.host] : undefined;
      for (const host of own ?? interfaceHosts(interfaces, wildcard, allows)) findings.add(host, port, origin);
    }
    return findings.done();
  },
};

function instanceFolder(unit: string): string {
  const instance = /^postfix@(.+)\.service$/.exec(unit)?.[1];
  return instance === undefined || instance === '-' ? '/etc/postfix' : `/etc/${instance}`;
}

function interfaceHosts(interfaces: string, wildcard: readonly string[], allows: (host: string) => boolean): string[] {
  return interfaces
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .flatMap((word) => {
      if (word === 'all') return wildcard;
      if (word === 'loopback-only') return ['127.0.0.1', '::1'].filter(allows);
      const host = word.replace(/^\[|\]$/g, '');
      if (/^[\d.]+$/.test(host) || host.includes(':')) return allows(host) ? [host] : [];
      return host === 'localhost' ? ['127.0.0.1', '::1'].filter(allows) : [host];
    });
}

async function mainParameters(files: ConfigFiles, path: string): Promise<Map<string, Setting>> {
  const parameters = new Map<string, Setting>();
  for (const { text, line } of logicalText((await files.read(path)) ?? '')) {
    const at = text.indexOf('=');
    if (at > 0)
      parameters.set(text.slice(0, at).trim(), { value: text.slice(at + 1).trim(), evidence: { path, line } });
  }
  return parameters;
}

function logicalLines(text: string): { fields: string[]; line: number }[] {
  return logicalText(text).map(({ text: content, line }) => ({ fields: content.split(/\s+/), line }));
}

/** A line that starts with a blank goes on with the one before; comments may stand between. */
function logicalText(text: string): { text: string; line: number }[] {
  const result: { text: string; line: number }[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.trim() === '' || raw.trimStart().startsWith('#')) continue;
    const previous = result.at(-1);
    if (/^\s/.test(raw)) {
      if (previous !== undefined && previous.text.length < 100_000) previous.text += ` ${raw.trim()}`;
    } else result.push({ text: raw.trim(), line: index + 1 });
  }
  return result;
}

/** `$name`, `${name}`, `$(name)`; nested four deep, and a hundred times in all. */
function expanded(text: string, parameters: ReadonlyMap<string, Setting>): string {
  let left = 100;
  const expand = (part: string, depth: number): string =>
    part.slice(0, 2000).replace(/\$(?:\{(\w{1,100})\}|\((\w{1,100})\)|(\w{1,100}))/g, (whole, a, b, c) => {
      const value = parameters.get(a ?? b ?? c)?.value;
      left -= 1;
      return value === undefined || depth > 4 || left < 0 ? whole : expand(value, depth + 1).slice(0, 2000);
    });
  return expand(text, 0);
}
