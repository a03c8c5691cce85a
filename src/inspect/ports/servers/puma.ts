import { absolute } from '../config-files.js';
import { collectFindings } from '../findings.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';

/** https://puma.io/puma/Puma/DSL.html: `bind` and `port` of config/puma.rb where they are literals or ENV with a default. */
export const puma: PortReader = {
  name: 'puma',
  programs: ['puma', 'rails'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const isRails = command.names[0] === 'rails';
    if (isRails && !['server', 's'].includes(command.arguments[0] ?? '')) return findings.done();
    const binds = command.options('b', 'bind');
    const port = command.option('p', 'port');
    if (isRails) {
      const number =
        port ??
        command.environment('PORT') ??
        (await fromRuby(context)).find((setting) => /^\d+$/.test(setting.value)) ??
        command.builtIn(3000);
      findings.add(binds.at(-1)?.value ?? 'localhost', number.value, number);
      return findings.done();
    }
    const written = binds.length > 0 || port !== undefined ? [] : await fromRuby(context);
    const settings = [...binds, ...(port === undefined ? [] : [port]), ...written];
    const silent = command.environment('PORT') ?? command.builtIn('tcp://0.0.0.0:9292');
    for (const setting of settings.length > 0 ? settings : [silent]) {
      // A bare port is bound on 0.0.0.0; sockets have one slash more than TCP.
      findings.endpoint(
        { ...setting, value: setting.value.replace(/^(?:ssl|tcp):\/\//, 'tcp://') },
        { host: '0.0.0.0' },
      );
    }
    return findings.done();
  },
};

async function fromRuby(context: PortContext): Promise<Setting[]> {
  const { command, files, service } = context;
  const folder = service.workingDirectory ?? '/';
  const path = absolute(command.option('C', 'config')?.value ?? 'config/puma.rb', folder);
  const lines = ((await files.read(path)) ?? '').split('\n');
  return lines.flatMap((raw, index) => {
    const line = raw.slice(0, 500);
    const match = /^\s*(?:port|bind)[\s(]+(.+)$/.exec(line);
    if (match === null) return [];
    const evidence = { path, line: index + 1 };
    const literal = /^["']([^"']+)["']/.exec(match[1]!)?.[1] ?? /^(\d{1,5})\b/.exec(match[1]!)?.[1];
    if (literal !== undefined) return literal.includes('#{') ? [] : [{ value: literal, evidence }];
    const variable = /^ENV(?:\.fetch\(|\[)\s*["'](\w{1,64})["']\s*[\])]?/.exec(match[1]!)?.[1];
    if (variable === undefined) return [];
    const value = command.environment(variable)?.value ?? /(?:\{|,|\|\|)\s*["']?(\d{1,5})["']?/.exec(match[1]!)?.[1];
    return value === undefined ? [] : [{ value, evidence }];
  });
}
