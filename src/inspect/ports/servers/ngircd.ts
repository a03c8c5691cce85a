import { INI_STYLE } from '../formats/lines.js';
import { lineServer } from '../line-server.js';

/** ngircd.conf(5), [Global]: `Ports` and `Listen`, both lists; /etc/ngircd/ngircd.conf.d comes on top. */
export const ngircd = lineServer(
  { name: 'ngircd', programs: ['ngircd'] },
  {
    fileOptions: ['f', 'config'],
    files: ['/etc/ngircd/ngircd.conf', '/etc/ngircd.conf'],
    style: { ...INI_STYLE, separator: '=' },
    sections: ['global'],
    port: ['ports'],
    address: ['listen'],
    defaultPort: 6667,
    includes: ({ key, value }, { files }) =>
      key.toLowerCase() === 'includedir' ? files.folder(value, '.conf') : undefined,
  },
);
