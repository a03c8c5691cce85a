import { collectFindings } from '../findings.js';
import { PROPERTIES_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fallback, lastOf, readLines } from '../settings.js';

/** https://kafka.apache.org/documentation/#brokerconfigs_listeners */
export const kafka: PortReader = {
  name: 'kafka',
  programs: ['kafka', 'Kafka', 'kafka.Kafka', 'kafka-server-start.sh', 'kafka-server-start', 'confluent-kafka'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const named = context.command.arguments.find((argument) => argument.endsWith('.properties'));
    const path =
      named ??
      context.files.first([
        '/etc/kafka/server.properties',
        '/opt/kafka/config/server.properties',
        '/usr/local/kafka/config/server.properties',
      ]);
    const entries = await readLines(context.files, path, PROPERTIES_STYLE);
    const old = lastOf(entries, 'port');
    const host = lastOf(entries, 'host.name')?.value ?? '';
    const listeners = lastOf(entries, 'listeners') ?? {
      ...(old ?? fallback(context, path, '')),
      value: `PLAINTEXT://${host}:${old?.value ?? 9092}`,
    };
    for (const value of listeners.value.split(','))
      findings.endpoint({ ...listeners, value: value.trim().replace(/^[^:]*:\/\//, 'tcp://') });
    return findings.done();
  },
};
