import { readWithIncludes } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { parseLines, unquote } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import { fromFile } from '../settings.js';

/** https://www.php.net/manual/en/install.fpm.configuration.php: `listen` of every pool. */
export const phpFpm: PortReader = {
  name: 'php-fpm',
  programs: ['php-fpm', 'php5-fpm', 'php-fpm7', 'php-fpm8'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'mapped', names: 'first' });
    const main = configurationFile(context);
    if (main === undefined) return findings.done();
    const entries = await readWithIncludes(context.files, main, {
      parse: (text) => parseLines(text, { separator: '=', comments: ';#', sections: true }),
      includes: (entry) => (entry.key === 'include' ? [unquote(entry.value.replace(/\s*;.*$/, ''))] : undefined),
    });
    for (const entry of entries) {
      if (entry.key !== 'listen') continue;
      const address = unquote(entry.value.replace(/\s*;.*$/, '').trim()).replaceAll('$pool', entry.section);
      findings.endpoint({
        ...fromFile(entry),
        value: address.startsWith('/') || /:|^\d+$/.test(address) ? address : `/${address}`,
      });
    }
    return findings.done();
  },
};

function configurationFile(context: PortContext): string | undefined {
  const { command, files } = context;
  const named = command.option('fpm-config', 'y')?.value;
  if (named !== undefined) return named;
  const version = /(?:php-fpm|php)(\d+\.\d+)/.exec(`${command.program} ${context.service.name}`)?.[1];
  const debian = version === undefined ? [] : [`/etc/php/${version}/fpm/php-fpm.conf`];
  const found = context.fs.list('/etc/php').map((name) => `/etc/php/${name}/fpm/php-fpm.conf`);
  return files.first([
    ...debian,
    '/etc/php5/fpm/php-fpm.conf',
    '/etc/php-fpm.conf',
    '/usr/local/etc/php-fpm.conf',
    ...found,
  ]);
}
