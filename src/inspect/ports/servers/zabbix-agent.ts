import { absolute } from '../config-files.js';
import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, readLinesWithIncludes } from '../settings.js';

/** zabbix_agentd.conf, zabbix_agent2.conf, zabbix_server.conf, zabbix_proxy.conf: ListenPort, ListenIP, StartAgents. */
export const zabbixAgent: PortReader = {
  name: 'zabbix-agent',
  programs: [
    'zabbix_agentd',
    'zabbix-agent',
    'zabbix_agent2',
    'zabbix-agent2',
    'zabbix_server',
    'zabbix-server',
    'zabbix_proxy',
    'zabbix-proxy',
  ],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const name = command.names[0] ?? '';
    const isAgent = name.includes('agent');
    const base = name.includes('agent2')
      ? 'zabbix_agent2'
      : isAgent
        ? 'zabbix_agentd'
        : name.includes('proxy')
          ? 'zabbix_proxy'
          : 'zabbix_server';
    const path = command.option('c', 'config')?.value ?? `/etc/zabbix/${base}.conf`;
    const entries = await readLinesWithIncludes(files, path, { separator: '=', comments: '#' }, (entry, from) => {
      if (entry.key !== 'Include') return undefined;
      const target = absolute(entry.value, from.slice(0, from.lastIndexOf('/')));
      return context.fs.stat(target)?.type === 'directory' ? [`${target}/*`] : [target];
    });
    const last = (key: string): Setting | undefined =>
      entries
        .filter((entry) => entry.key === key)
        .map(fromFile)
        .at(-1);
    const starters = last(isAgent ? 'StartAgents' : 'StartTrappers')?.value;
    if (starters === '0') return findings.done();
    const port = last('ListenPort') ?? fallback(context, path, isAgent ? 10050 : 10051);
    const host = last('ListenIP');
    const origin = port.evidence.line === undefined && host !== undefined ? host : port;
    // The agent takes 0.0.0.0 when silent, and then IPv6 as well.
    for (const address of (host?.value ?? '*').split(',')) findings.add(address.trim(), port.value, origin);
    return findings.done();
  },
};
