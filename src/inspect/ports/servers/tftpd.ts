import { shellAssignments } from '../../../syntax/shell.js';
import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** in.tftpd(8) stand-alone: `--address`, in Debian TFTP_ADDRESS. */
export const tftpd: PortReader = {
  name: 'tftpd',
  programs: ['in.tftpd', 'tftpd-hpa', 'tftpd'],
  packages: ['tftpd-hpa'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const path = '/etc/default/tftpd-hpa';
    const line = shellAssignments((await files.read(path)) ?? '').findLast(
      (assignment) => assignment.name === 'TFTP_ADDRESS',
    );
    const written = line === undefined ? undefined : { value: line.value, evidence: { path, line: line.line } };
    const address = command.option('address', 'a') ?? written ?? command.builtIn(':69');
    const standsAlone = command.has('listen', 'l', 'L', 'foreground') || command.program.startsWith('/etc/init.d');
    if (standsAlone) findings.endpoint(address, { port: 69, protocol: 'udp' });
    return findings.done();
  },
};
