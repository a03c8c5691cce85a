import { shellWords } from '../../../syntax/shell.js';
import { absolute } from '../config-files.js';
import { collectFindings } from '../findings.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';

/** https://docs.gunicorn.org/en/stable/settings.html#bind: command line, then GUNICORN_CMD_ARGS, then the Python file, then PORT. */
export const gunicorn: PortReader = {
  name: 'gunicorn',
  programs: ['gunicorn', 'gunicorn3', 'gunicorn_paster'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const port = command.environment('PORT');
    const silent = port === undefined ? command.builtIn('127.0.0.1:8000') : { ...port, value: `0.0.0.0:${port.value}` };
    const given = command.options('b', 'bind');
    const variable = fromVariable(context);
    const written = given.length > 0 ? given : variable.length > 0 ? variable : await fromPython(context);
    for (const setting of written.length > 0 ? written : [silent]) {
      const value = setting.value.trim();
      if (!value.startsWith('fd://')) findings.endpoint({ ...setting, value }, { port: 8000, host: '0.0.0.0' });
    }
    return findings.done();
  },
};

function fromVariable(context: PortContext): Setting[] {
  const setting = context.command.environment('GUNICORN_CMD_ARGS');
  if (setting === undefined) return [];
  const words = shellWords(setting.value.slice(0, 65_536));
  return words.flatMap((word, at) => {
    if (word.startsWith('--bind=')) return [{ ...setting, value: word.slice(7) }];
    return (word === '-b' || word === '--bind') && words[at + 1] !== undefined
      ? [{ ...setting, value: words[at + 1]! }]
      : [];
  });
}

/** Only `bind = "…"` and lists of literals; anything computed is not read. */
async function fromPython(context: PortContext): Promise<Setting[]> {
  const { command, files, service } = context;
  const folder = command.option('chdir')?.value ?? service.workingDirectory ?? '/';
  const named = command.option('c', 'config')?.value.replace(/^file:/, '');
  const path = absolute(named ?? 'gunicorn.conf.py', folder);
  const lines = ((await files.read(path)) ?? '').split('\n');
  const at = lines.findLastIndex((line) => /^bind\s*=/.test(line));
  if (at === -1) return [];
  const values = [...lines[at]!.slice(0, 2000).matchAll(/["']([^"']{1,200})["']/g)].map((match) => match[1]!);
  return values.map((value) => ({ value, evidence: { path, line: at + 1 } }));
}
