import { collectFindings } from '../findings.js';
import { BLANK_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fromFile, readLines } from '../settings.js';

/** Filters of mail servers, opendkim.conf(5), opendmarc.conf(5): `Socket inet:port[@host]`, or a Unix socket. */
export const opendkim: PortReader = {
  name: 'opendkim',
  programs: ['opendkim', 'opendmarc'],
  async read(context) {
    const findings = await collectFindings(context, { names: 'ipv4' });
    const { command, files } = context;
    const name = command.names.find((each) => /^open(?:dkim|dmarc)$/.test(each)) ?? 'opendkim';
    const entries = await readLines(files, command.option('x')?.value ?? `/etc/${name}.conf`, BLANK_STYLE);
    const written = entries.findLast(({ key }) => key.toLowerCase() === 'socket');
    const socket = command.option('p') ?? (written === undefined ? undefined : fromFile(written));
    const [, port, host = '*'] = /^inet6?:(\d{1,5})(?:@(.+))?$/.exec(socket?.value ?? '') ?? [];
    if (socket !== undefined && port !== undefined) findings.add(host.replace(/^\[|\]$/g, ''), port, socket);
    else if (socket !== undefined) findings.socket(socket.value.replace(/^(?:local|unix):/, ''));
    return findings.done();
  },
};
