import { BLANK_STYLE } from '../formats/lines.js';
import { lineServer } from '../line-server.js';

/** clamd.conf(5): a Unix socket as a rule; TCP where `TCPSocket` says so, at `TCPAddr`. */
export const clamd = lineServer(
  { name: 'clamd', programs: ['clamd', 'clamav-daemon'] },
  {
    fileOptions: ['c', 'config-file'],
    files: ['/etc/clamav/clamd.conf', '/etc/clamd.d/scan.conf', '/etc/clamd.conf'],
    style: BLANK_STYLE,
    port: ['tcpsocket'],
    address: ['tcpaddr'],
  },
);
