import { shellAssignments } from '../../../syntax/shell.js';
import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback } from '../settings.js';

/** https://www.jenkins.io/doc/book/installing/initial-settings/: Winstone's options, JENKINS_* of the unit, HTTP_PORT of older packages. */
export const jenkins: PortReader = {
  name: 'jenkins',
  programs: ['jenkins', 'jenkins.war'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command, files } = context;
    const path = files.first(['/etc/default/jenkins', '/etc/sysconfig/jenkins']);
    const lines = shellAssignments((path === undefined ? null : await files.read(path)) ?? '');
    const variable = (...names: string[]): Setting | undefined => {
      for (const name of names) {
        const found = command.environment(name);
        if (found !== undefined) return found;
      }
      const line = lines.findLast((assignment) => names.includes(assignment.name) && assignment.value !== '');
      return line === undefined ? undefined : { value: line.value, evidence: { path: path!, line: line.line } };
    };
    const port =
      command.option('httpPort') ?? variable('JENKINS_PORT', 'HTTP_PORT') ?? fallback(context, undefined, 8080);
    const host =
      command.option('httpListenAddress') ?? variable('JENKINS_LISTEN_ADDRESS', 'HTTP_HOST', 'JENKINS_LISTEN_IP');
    if (port.value !== '-1') findings.add(host?.value ?? '', port.value, port);
    const https = command.option('httpsPort') ?? variable('JENKINS_HTTPS_PORT');
    if (https !== undefined && https.value !== '-1')
      findings.add(
        command.option('httpsListenAddress')?.value ?? variable('JENKINS_HTTPS_LISTEN_ADDRESS')?.value ?? '',
        https.value,
        https,
      );
    return findings.done();
  },
};
