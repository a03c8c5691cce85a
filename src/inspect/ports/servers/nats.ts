import { parseEndpoint } from '../addresses.js';
import { collectFindings } from '../findings.js';
import { type BlockStyle, parseBlocks, type Statement, walkStatements } from '../formats/blocks.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback } from '../settings.js';

const STYLE: BlockStyle = { ends: 'newline', comments: ['#', '//'], operators: '=:,' };
/** Blocks with a listener of their own, and its port when none is written (0: none). */
const BLOCKS: Readonly<Record<string, number>> = {
  cluster: 0,
  leafnodes: 7422,
  leaf: 7422,
  gateway: 7222,
  websocket: 0,
  mqtt: 1883,
};

/** https://docs.nats.io/running-a-nats-service/configuration */
export const nats: PortReader = {
  name: 'nats',
  programs: ['nats-server', 'gnatsd'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command, files } = context;
    const path = command.option('c', 'config')?.value;
    const text = path === undefined ? null : await files.read(path);
    const values = new Map<string, Setting>();
    for (const { statement, above } of walkStatements(text === null ? [] : parseBlocks(text, STYLE))) {
      const scope = above.map(nameOf).join('.');
      const words = statement.words;
      const value = words
        .slice(1)
        .filter((word) => word !== '=' && word !== ',')
        .join('')
        .replace(/^:/, words[1] === ':' ? '' : ':');
      const key = `${scope === '' ? '' : `${scope}.`}${nameOf(statement)}`.toLowerCase();
      values.set(key, { value, evidence: { path: path!, line: statement.line } });
    }
    const listen = values.get('listen');
    const host =
      command.option('a', 'addr', 'net')?.value ??
      values.get('host')?.value ??
      values.get('net')?.value ??
      parseEndpoint(listen?.value ?? '')?.host ??
      '';
    const port = command.option('p', 'port') ?? values.get('port');
    if (port === undefined && listen !== undefined) findings.endpoint(listen, { port: 4222 });
    else {
      const client = port ?? fallback(context, path, 4222);
      findings.add(host, client.value, client);
    }
    for (const key of ['http', 'http_port', 'monitor_port', 'https', 'https_port']) {
      const setting = (key === 'http_port' ? command.option('m', 'http_port') : undefined) ?? values.get(key);
      if (setting !== undefined) findings.endpoint(setting, { host });
    }
    for (const [block, silent] of Object.entries(BLOCKS)) {
      const own = values.get(`${block}.listen`) ?? values.get(`${block}.port`);
      if (own !== undefined) findings.endpoint(own, { host: values.get(`${block}.host`)?.value ?? '' });
      else if (values.has(block) && silent !== 0 && !values.has(`${block}.remotes`))
        findings.add('', silent, values.get(block)!);
    }
    return findings.done();
  },
};

function nameOf(statement: Statement): string {
  return statement.words[0] ?? '';
}
