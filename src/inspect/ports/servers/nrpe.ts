import { lineServer } from '../line-server.js';

/** nrpe.cfg: `server_port`, `server_address`, other files through `include` and `include_dir`. */
export const nrpe = lineServer(
  { name: 'nrpe', programs: ['nrpe', 'nagios-nrpe-server'] },
  {
    fileOptions: ['c'],
    files: ['/etc/nagios/nrpe.cfg'],
    style: { separator: '=', comments: '#' },
    port: ['server_port'],
    address: ['server_address'],
    defaultPort: 5666,
    includes: ({ key, value }, { files }) => {
      if (key === 'include' || key === 'include_file') return [value];
      return key === 'include_dir' ? files.folder(value, '.cfg') : undefined;
    },
  },
);
