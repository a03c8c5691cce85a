import { shellAssignments } from '../../../syntax/shell.js';
import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';

const CONFIGURATION = '/etc/webfsd.conf';

/** webfsd(1): `-p`, `-i`, `-4`, `-6`; Debian's script makes them from web_port and web_ip of /etc/webfsd.conf. */
export const webfs: PortReader = {
  name: 'webfs',
  programs: ['webfsd', 'webfs'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const lines = shellAssignments((await files.read(CONFIGURATION)) ?? '');
    const written = (name: string): Setting | undefined => {
      const line = lines.findLast((assignment) => assignment.name === name);
      if (line === undefined || line.value === '') return undefined;
      return { value: line.value, evidence: { path: CONFIGURATION, line: line.line } };
    };
    const host = command.option('i') ?? written('web_ip');
    const wildcard = command.has('4') ? '0.0.0.0' : command.has('6') ? '::' : '*';
    const port = written('web_port') ?? command.option('p') ?? command.builtIn(8000);
    findings.add(host?.value ?? wildcard, port.value, port);
    return findings.done();
  },
};
