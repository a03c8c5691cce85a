import { collectFindings } from '../findings.js';
import { configLines } from '../formats/lines.js';
import type { PortReader } from '../reader.js';

/** monit(1), `set httpd port 2812 and use address localhost`: words over any number of lines. */
export const monit: PortReader = {
  name: 'monit',
  programs: ['monit'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const main = command.option('c')?.value ?? files.first(['/etc/monit/monitrc', '/etc/monitrc', '/etc/monit.conf']);
    const words: { readonly text: string; readonly path: string; readonly line: number }[] = [];
    for (const path of main === undefined ? [] : [main, ...(await included(main, context))]) {
      for (const { text, line } of configLines((await files.read(path)) ?? '', { comments: '#', inlineComments: true }))
        words.push(...text.split(/\s+/).map((word) => ({ text: word.toLowerCase(), path, line })));
    }
    for (const [index, { text }] of words.entries()) {
      if (text !== 'httpd' || words[index - 1]?.text !== 'set') continue;
      const next = words.findIndex((word, at) => at > index && /^(?:set|check|include)$/.test(word.text));
      const statement = words.slice(index + 1, next === -1 ? undefined : next);
      const after = (name: string) => statement[statement.findIndex((word) => word.text === name) + 1];
      const port = statement.some((word) => word.text === 'port') ? after('port') : undefined;
      if (port === undefined) continue;
      const host = statement.some((word) => word.text === 'address') ? after('address')!.text : '*';
      findings.add(host, port.text, { evidence: { path: port.path, line: port.line } });
    }
    return findings.done();
  },
};

/** Files that `include` names; patterns of those are not followed again. */
async function included(path: string, { files }: Parameters<PortReader['read']>[0]): Promise<string[]> {
  return configLines((await files.read(path)) ?? '', { comments: '#' }).flatMap(({ text }) => {
    const pattern = /^include\s+"?([^"\s]+)"?$/i.exec(text)?.[1];
    return pattern === undefined ? [] : files.expand(pattern, path.slice(0, path.lastIndexOf('/')));
  });
}
