import { BLANK_STYLE } from '../formats/lines.js';
import { lineServer } from '../line-server.js';

/** munin-node.conf(5) and Net::Server's: `port`, `host`. */
export const muninNode = lineServer(
  { name: 'munin-node', programs: ['munin-node'] },
  {
    fileOptions: ['config'],
    files: ['/etc/munin/munin-node.conf', '/etc/munin-node.conf'],
    style: BLANK_STYLE,
    port: ['port'],
    address: ['host'],
    defaultPort: 4949,
  },
);
