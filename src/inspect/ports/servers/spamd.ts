import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** SpamAssassin's spamd(8p): `--port` (783), `--listen` (localhost; nothing behind it means everywhere). */
export const spamd: PortReader = {
  name: 'spamd',
  programs: ['spamd', 'spamassassin'],
  packages: ['spamd', 'spamassassin'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const path = command.option('socketpath')?.value;
    if (path !== undefined) findings.socket(path);
    const port = command.option('p', 'port') ?? command.builtIn(783);
    const isBare = command.arguments.some(
      (word, index, all) =>
        /^(?:-i|--listen(?:-ip)?|--ip-address)$/.test(word) &&
        (all[index + 1] === undefined || all[index + 1]!.startsWith('-')),
    );
    const hosts = isBare ? [] : command.options('i', 'listen', 'listen-ip', 'ip-address');
    if (isBare) findings.add('*', port.value, port);
    else if (hosts.length === 0 && path === undefined) findings.add('localhost', port.value, port);
    for (const host of hosts) {
      if (host.value.startsWith('/')) findings.socket(host.value);
      else findings.endpoint(host, { port: port.value });
    }
    return findings.done();
  },
};
