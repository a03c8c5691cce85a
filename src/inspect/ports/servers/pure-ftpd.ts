import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';

/** pure-ftpd(8): `--bind [address,]port`; Debian's wrapper keeps each option in a file, that one in conf/Bind. */
export const pureFtpd: PortReader = {
  name: 'pure-ftpd',
  programs: ['pure-ftpd', 'pure-ftpd-wrapper', 'pure-ftpd-mysql', 'pure-ftpd-ldap', 'pure-ftpd-postgresql'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const path = '/etc/pure-ftpd/conf/Bind';
    const text = (await files.read(path))?.split('\n')[0]?.trim() ?? '';
    const written: Setting | undefined = text === '' ? undefined : { value: text, evidence: { path, line: 1 } };
    const bind = command.option('S', 'bind') ?? written ?? command.builtIn(21);
    const [first = '', second] = bind.value.split(',');
    findings.add(second === undefined || first === '' ? '*' : first, second ?? first, bind);
    return findings.done();
  },
};
