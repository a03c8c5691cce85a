import { collectFindings } from '../findings.js';
import { parseBlocks, type Statement } from '../formats/blocks.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';

/** strongswan.conf(5): charon's `port` and `port_nat_t`, UDP for both families. */
export const strongswan: PortReader = {
  name: 'strongswan',
  programs: ['charon', 'charon-systemd', 'ipsec', 'strongswan', 'strongswan-starter'],
  packages: ['strongswan-charon', 'strongswan'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const written = new Map<string, Setting>();
    for (const path of ['/etc/strongswan.conf', ...files.folder('/etc/strongswan.d', '.conf')]) {
      for (const { words, line } of charonSettings(parseBlocks((await files.read(path)) ?? '', STYLE)))
        if (words[1] === '=' && words[2] !== undefined)
          written.set(words[0]!, { value: words[2], evidence: { path, line } });
    }
    for (const [name, port] of [
      ['port', 500],
      ['port_nat_t', 4500],
    ] as const) {
      const setting = written.get(name) ?? command.builtIn(port);
      if (setting.value !== '0') findings.add('*', setting.value, setting, 'udp');
    }
    return findings.done();
  },
};

const STYLE = { ends: 'newline', comments: ['#'], operators: '=' } as const;

function charonSettings(statements: readonly Statement[]): Statement[] {
  return statements.flatMap(({ words, block }) =>
    /^charon(?:-systemd)?$/.test(words[0] ?? '') ? [...(block ?? []).filter((inner) => inner.block === null)] : [],
  );
}
