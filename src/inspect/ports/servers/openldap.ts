import { shellAssignments } from '../../../syntax/shell.js';
import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';

/** slapd(8) `-h URLs`; Debian keeps them in SLAPD_SERVICES, Red Hat in SLAPD_URLS. */
export const openldap: PortReader = {
  name: 'openldap',
  programs: ['slapd', 'openldap'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const urls = command.option('h') ?? (await fromFiles()) ?? command.builtIn('ldap:///');
    for (const url of urls.value.split(/\s+/).filter(Boolean)) {
      const socket = /^ldapi:\/\/([^/?]*)/i.exec(url);
      if (socket !== null) {
        findings.socket(decode(socket[1]!) || '/var/run/slapd/ldapi');
        continue;
      }
      const isSecure = /^ldaps:/i.test(url);
      const authority = /^(?:ldap|ldaps|cldap):\/\/([^/?]*)/i.exec(url)?.[1];
      if (authority === undefined)
        findings.problem('address-unreadable', urls.evidence.path, `${url.slice(0, 80)} is no LDAP URL`);
      else if (authority === '') findings.add('*', isSecure ? 636 : 389, urls);
      else findings.endpoint({ ...urls, value: authority }, { port: isSecure ? 636 : 389 });
    }
    return findings.done();

    async function fromFiles(): Promise<Setting | undefined> {
      for (const [path, name] of [
        ['/etc/default/slapd', 'SLAPD_SERVICES'],
        ['/etc/sysconfig/slapd', 'SLAPD_URLS'],
      ] as const) {
        const line = shellAssignments((await files.read(path)) ?? '').findLast(
          (assignment) => assignment.name === name && assignment.value !== '',
        );
        if (line !== undefined) return { value: line.value, evidence: { path, line: line.line } };
      }
      return undefined;
    }
  },
};

function decode(text: string): string {
  return text.replace(/%2f/gi, '/');
}
