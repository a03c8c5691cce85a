import { type InFile, readWithIncludes } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { type ApacheDirective, type ApacheSection, parseApache } from '../formats/apache.js';
import type { PortContext, PortReader } from '../reader.js';
import { fallback, isNo } from '../settings.js';

/** http://www.proftpd.org/docs/howto/Vhost.html: Port and DefaultAddress of the server, Port of virtual hosts. */
export const proftpd: PortReader = {
  name: 'proftpd',
  programs: ['proftpd'],
  packages: ['proftpd-core', 'proftpd-basic', 'proftpd'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'mapped' });
    const main =
      context.command.option('c', 'config')?.value ??
      context.files.first(['/etc/proftpd/proftpd.conf', '/etc/proftpd.conf']);
    if (main === undefined) return findings.done();
    const directives = await openDirectives(context, main);
    const top = directives.filter((directive) => serverOf(directive) === null);
    const last = (name: string): InFile<ApacheDirective> | undefined =>
      top.findLast((directive) => directive.name === name);
    if (last('servertype')?.words[0]?.toLowerCase() === 'inetd') return findings.done();
    // Seen with 1.3.8: a second Port does not count, unlike other directives.
    const port = top.find((directive) => directive.name === 'port');
    const wildcard = isNo(last('useipv6')?.words[0]) ? '0.0.0.0' : '*';
    const tight = last('socketbindtight')?.words[0]?.toLowerCase() === 'on';
    const address = tight ? last('defaultaddress') : undefined;
    const main21 =
      port === undefined
        ? fallback(context, main, 21)
        : { value: port.words[0] ?? '', evidence: { path: port.path, line: port.line } };
    for (const host of address?.words ?? [wildcard]) findings.add(host, main21.value, main21);
    for (const opening of directives.filter((directive) => directive.name === '<virtualhost>')) {
      // Silent ones have the port of FTP, whatever the server's own is.
      const own = directives.find((directive) => directive.name === 'port' && serverOf(directive) === opening.opens);
      const origin = { evidence: { path: (own ?? opening).path, line: (own ?? opening).line } };
      for (const host of tight ? opening.words : [wildcard]) findings.add(host, own?.words[0] ?? '21', origin);
    }
    return findings.done();
  },
};

function serverOf(directive: ApacheDirective): ApacheSection | null {
  return directive.sections.find(({ name }) => name === 'virtualhost') ?? null;
}

/** Directives whose <IfModule> and <IfDefine> hold; modules that are built in are those of the Debian package. */
async function openDirectives(context: PortContext, main: string): Promise<InFile<ApacheDirective>[]> {
  const all = await readWithIncludes(context.files, main, {
    parse: parseApache,
    includes: (directive) => {
      const [target = ''] = directive.words;
      if (directive.name !== 'include') return undefined;
      return context.fs.stat(target)?.type === 'directory' ? [`${target}/*`] : [target];
    },
    within: (directive, by) => ({ ...directive, sections: [...by.sections, ...directive.sections] }),
  });
  const loaded = new Set([
    'mod_core.c',
    'mod_auth.c',
    'mod_ident.c',
    'mod_delay.c',
    'mod_cap.c',
    'mod_ls.c',
    'mod_xfer.c',
    'mod_auth_pam.c',
  ]);
  const defined = new Set(context.command.options('D', 'define').map((setting) => setting.value));
  return all.filter((directive) => {
    const open = directive.sections.every((section) => {
      const negated = section.argument.startsWith('!');
      const argument = section.argument.replace(/^!/, '').trim();
      if (section.name === 'ifmodule') return loaded.has(argument) !== negated;
      return section.name !== 'ifdefine' || defined.has(argument) !== negated;
    });
    if (open && directive.name === 'loadmodule') loaded.add(directive.words[0] ?? '');
    return open;
  });
}
