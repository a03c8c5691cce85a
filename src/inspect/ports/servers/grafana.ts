import { collectFindings } from '../findings.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, readLines } from '../settings.js';

/** https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#server, GF_SERVER_* and `cfg:` arguments. */
export const grafana: PortReader = {
  name: 'grafana',
  programs: ['grafana-server', 'grafana'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command, files } = context;
    const path = command.option('config')?.value ?? '/etc/grafana/grafana.ini';
    const entries = await readLines(files, path, { ...INI_STYLE, separator: '=' });
    const setting = (key: string): Setting | undefined => {
      const argument = command.arguments.findLast((word) =>
        new RegExp(`^(?:cfg:)?(?:default\\.)?server\\.${key}=`).test(word),
      );
      if (argument !== undefined) return command.setting(argument.slice(argument.indexOf('=') + 1), argument);
      const entry = entries.findLast((candidate) => candidate.section === 'server' && candidate.key === key);
      return (
        command.environment(`GF_SERVER_${key.toUpperCase()}`) ??
        (entry === undefined || entry.value === '' ? undefined : fromFile(entry))
      );
    };
    if (setting('protocol')?.value === 'socket') {
      findings.socket(setting('socket')?.value ?? '/tmp/grafana.sock');
      return findings.done();
    }
    const port = setting('http_port') ?? fallback(context, path, 3000);
    findings.add(setting('http_addr')?.value ?? '', port.value, port);
    return findings.done();
  },
};
