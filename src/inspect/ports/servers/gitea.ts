import { collectFindings } from '../findings.js';
import { INI_STYLE, unquote } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isNo, isYes, readLines } from '../settings.js';

/** https://docs.gitea.com/administration/config-cheat-sheet#server-server; Forgejo and Gogs are the same. */
export const gitea: PortReader = {
  name: 'gitea',
  programs: ['gitea', 'forgejo', 'gogs'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command, files, service } = context;
    const work =
      command.option('work-path', 'w')?.value ??
      command.environment('GITEA_WORK_DIR')?.value ??
      service.workingDirectory ??
      '/var/lib/gitea';
    const path =
      command.option('c', 'config')?.value ??
      files.first([`${work}/custom/conf/app.ini`, '/etc/gitea/app.ini', '/etc/forgejo/app.ini', '/etc/gogs/app.ini']);
    const entries = await readLines(files, path, { ...INI_STYLE, separator: '=' });
    const setting = (key: string): Setting | undefined => {
      const entry = entries.findLast((candidate) => candidate.section === 'server' && candidate.key === key);
      return (
        command.environment(`GITEA__server__${key}`) ??
        (entry === undefined ? undefined : { ...fromFile(entry), value: unquote(entry.value) })
      );
    };
    const host = setting('HTTP_ADDR')?.value ?? '';
    if (/unix/.test(setting('PROTOCOL')?.value ?? '')) findings.socket(host || '/run/gitea/gitea.sock');
    else {
      const port = command.option('port', 'p') ?? setting('HTTP_PORT') ?? fallback(context, path, 3000);
      findings.add(host, port.value, port);
      if (isYes(setting('REDIRECT_OTHER_PORT')?.value))
        findings.add(host, setting('PORT_TO_REDIRECT')?.value ?? 80, setting('REDIRECT_OTHER_PORT')!);
    }
    const ssh = setting('START_SSH_SERVER');
    if (isYes(ssh?.value) && !isYes(setting('DISABLE_SSH')?.value)) {
      const port = setting('SSH_LISTEN_PORT') ?? setting('SSH_PORT') ?? { ...ssh!, value: '22' };
      if (!isNo(port.value)) findings.add(setting('SSH_LISTEN_HOST')?.value ?? '', port.value, port);
    }
    return findings.done();
  },
};
