import { lineServer } from '../line-server.js';

/** acng.conf: `Port`, `BindAddress`. */
export const aptCacherNg = lineServer(
  { name: 'apt-cacher-ng', programs: ['apt-cacher-ng'] },
  {
    files: ['/etc/apt-cacher-ng/acng.conf'],
    style: { separator: '=:', comments: '#' },
    port: ['port'],
    address: ['bindaddress'],
    defaultPort: 3142,
  },
);
