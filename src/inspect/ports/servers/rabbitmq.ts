import { shellAssignments } from '../../../syntax/shell.js';
import type { InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import type { Entry } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, readLines } from '../settings.js';

/** Listeners of plugins (https://www.rabbitmq.com/docs/networking#ports), by plugin; keys of rabbitmq.conf start with `prefix`. */
const PLUGINS: readonly { plugin: string; prefix: string; port: number }[] = [
  { plugin: 'rabbitmq_management', prefix: 'management', port: 15672 },
  { plugin: 'rabbitmq_mqtt', prefix: 'mqtt', port: 1883 },
  { plugin: 'rabbitmq_stomp', prefix: 'stomp', port: 61613 },
  { plugin: 'rabbitmq_web_mqtt', prefix: 'web_mqtt', port: 15675 },
  { plugin: 'rabbitmq_web_stomp', prefix: 'web_stomp', port: 15674 },
  { plugin: 'rabbitmq_prometheus', prefix: 'prometheus', port: 15692 },
  { plugin: 'rabbitmq_stream', prefix: 'stream', port: 5552 },
];

export const rabbitmq: PortReader = {
  name: 'rabbitmq',
  programs: ['rabbitmq-server', 'rabbitmq', 'epmd'],
  packages: ['rabbitmq-server'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'mapped' });
    const { command, files } = context;
    if (command.names[0] === 'epmd') {
      findings.add(
        command.option('address')?.value ?? command.environment('ERL_EPMD_ADDRESS')?.value ?? '*',
        command.option('port')?.value ?? 4369,
        command.option('port') ?? command.builtIn(4369),
      );
      return findings.done();
    }
    const path = '/etc/rabbitmq/rabbitmq.conf';
    const extra = files.folder('/etc/rabbitmq/conf.d', '.conf');
    const entries: InFile<Entry>[] = [];
    for (const file of [path, ...extra])
      entries.push(...(await readLines(files, file, { separator: '=', comments: '#' })));
    const environmentPath = '/etc/rabbitmq/rabbitmq-env.conf';
    const assignments = shellAssignments((await files.read(environmentPath)) ?? '');
    const variable = (name: string): Setting | undefined => {
      const line = assignments.findLast(
        (assignment) => assignment.name === name || assignment.name === `RABBITMQ_${name}`,
      );
      return (
        command.environment(`RABBITMQ_${name}`) ??
        (line === undefined ? undefined : { value: line.value, evidence: { path: environmentPath, line: line.line } })
      );
    };
    const all = (pattern: RegExp): Setting[] => entries.filter((entry) => pattern.test(entry.key)).map(fromFile);
    const nodePort = variable('NODE_PORT');
    const plain = all(/^listeners\.tcp\.\w+$/);
    const silent = nodePort ?? fallback(context, files.first([path]), 5672);
    const isOff = all(/^listeners\.tcp$/).at(-1)?.value === 'none';
    for (const setting of plain.length > 0 ? plain : isOff ? [] : [silent])
      findings.endpoint(setting, { host: variable('NODE_IP_ADDRESS')?.value ?? '' });
    for (const setting of all(/^listeners\.ssl\.\w+$/)) findings.endpoint(setting);
    const distribution = variable('DIST_PORT') ?? { ...silent, value: String(Number(nodePort?.value ?? 5672) + 20000) };
    findings.add('0.0.0.0', distribution.value, distribution);
    // The port mapper is a unit of its own where its socket is enabled; otherwise the broker starts one.
    if (!context.fs.exists('/etc/systemd/system/sockets.target.wants/epmd.socket'))
      findings.add('*', 4369, command.builtIn(4369));
    const pluginsPath = '/etc/rabbitmq/enabled_plugins';
    // A term of Erlang, whose comments begin with a percent sign.
    const enabled = ((await files.read(pluginsPath)) ?? '').replace(/%.*/g, '');
    for (const { plugin, prefix, port } of PLUGINS) {
      if (!new RegExp(`\\b${plugin}\\b`).test(enabled)) continue;
      const written = all(new RegExp(`^${prefix}\\.(?:tcp\\.port|ssl\\.port|listeners\\.(?:tcp|ssl)\\.\\w+)$`));
      const line = enabled.slice(0, enabled.indexOf(plugin)).split('\n').length;
      for (const setting of written.length > 0
        ? written
        : [{ value: String(port), evidence: { path: pluginsPath, line } }]) {
        findings.endpoint(setting, { host: all(new RegExp(`^${prefix}\\.tcp\\.ip$`)).at(-1)?.value ?? '' });
      }
    }
    return findings.done();
  },
};
