import { collectFindings } from '../findings.js';
import { TOML_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isAtLeast, readLines } from '../settings.js';

/** https://docs.influxdata.com/influxdb/v1/administration/config/ and https://docs.influxdata.com/influxdb/v2/reference/config-options/ */
export const influxdb: PortReader = {
  name: 'influxdb',
  programs: ['influxd', 'influxdb', 'influxd-systemd-start.sh', 'influxd-systemd-start'],
  packages: ['influxdb2', 'influxdb'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command, files } = context;
    const path =
      command.option('config')?.value ?? files.first(['/etc/influxdb/influxdb.conf', '/etc/influxdb/config.toml']);
    const isSecond =
      context.packageName === 'influxdb2' ||
      (context.version !== null && isAtLeast(context.version, '2')) ||
      path?.endsWith('config.toml') === true;
    const entries = await readLines(files, path, TOML_STYLE);
    const setting = (section: string, key: string): Setting | undefined => {
      const entry = entries.findLast((candidate) => candidate.section === section && candidate.key === key);
      const variable = `INFLUXDB_${section === '' ? '' : `${section}_`}${key}`.toUpperCase().replaceAll('-', '_');
      return command.environment(variable) ?? (entry === undefined ? undefined : fromFile(entry));
    };
    if (isSecond) {
      const address =
        command.option('http-bind-address') ??
        command.environment('INFLUXD_HTTP_BIND_ADDRESS') ??
        setting('', 'http-bind-address');
      findings.endpoint(address ?? fallback(context, path, ':8086'));
      return findings.done();
    }
    findings.endpoint(setting('', 'bind-address') ?? fallback(context, path, '127.0.0.1:8088'));
    if (setting('http', 'enabled')?.value !== 'false')
      findings.endpoint(setting('http', 'bind-address') ?? fallback(context, path, ':8086'));
    for (const input of INPUTS) {
      if (setting(input.section, 'enabled')?.value !== 'true') continue;
      const address = setting(input.section, 'bind-address') ?? {
        ...setting(input.section, 'enabled')!,
        value: input.address,
      };
      const protocol = setting(input.section, 'protocol')?.value === 'udp' ? 'udp' : input.protocol;
      findings.endpoint(address, { protocol });
    }
    return findings.done();
  },
};

const INPUTS: readonly { section: string; address: string; protocol: 'tcp' | 'udp' }[] = [
  { section: 'graphite', address: ':2003', protocol: 'tcp' },
  { section: 'collectd', address: ':25826', protocol: 'udp' },
  { section: 'opentsdb', address: ':4242', protocol: 'tcp' },
  { section: 'udp', address: ':8089', protocol: 'udp' },
];
