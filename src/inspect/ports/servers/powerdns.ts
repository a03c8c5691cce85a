import { absolute, readWithIncludes } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import { parseLines } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isAtLeast, isYes, lastOf, readYaml } from '../settings.js';

/** https://doc.powerdns.com/authoritative/settings.html and https://doc.powerdns.com/recursor/settings.html */
export const powerdns: PortReader = {
  name: 'powerdns',
  programs: ['pdns_server', 'pdns', 'pdns_recursor', 'pdns-recursor'],
  packages: ['pdns-server', 'pdns', 'pdns-recursor'],
  async read(context) {
    const findings = await collectFindings(context);
    const isRecursor = /recursor/.test(context.command.names.join(' '));
    const folder = context.command.option('config-dir')?.value;
    const instance = context.command.option('config-name')?.value;
    const name = `${isRecursor ? 'recursor' : 'pdns'}${instance === undefined || instance === '' ? '' : `-${instance}`}`;
    const main = context.files.first(
      [folder, '/etc/powerdns', '/etc/pdns', '/etc/pdns-recursor'].flatMap((path) =>
        path === undefined ? [] : [`${path}/${name}.conf`],
      ),
    );
    const yaml = isRecursor ? await yamlFile(context, main) : undefined;
    const setting = yaml === undefined ? await lineSettings(context, main) : await yamlSettings(context, yaml);
    const configuration = yaml ?? main;
    const port = setting('local-port') ?? fallback(context, configuration, 53);
    const silent = isRecursor
      ? recursorDefault(context)
      : isAtLeast(context.version, '4.3')
        ? '0.0.0.0, ::'
        : '0.0.0.0';
    const addresses = [setting('local-address') ?? { ...port, value: silent }, setting('local-ipv6')];
    for (const address of addresses) if (address !== undefined) addAll(findings, address, port);
    const web = setting('webserver') ?? setting('api');
    if (isYes(web?.value)) {
      const number = setting('webserver-port') ?? { ...web!, value: isRecursor ? '8082' : '8081' };
      findings.add(setting('webserver-address')?.value ?? '127.0.0.1', number.value, number);
    }
    return findings.done();
  },
};

function recursorDefault({ version }: PortContext): string {
  return isAtLeast(version, '5.4') ? '127.0.0.1, ::1' : '127.0.0.1';
}

type Lookup = (name: string) => Setting | undefined;

async function lineSettings(context: PortContext, main: string | undefined): Promise<Lookup> {
  const { command, files } = context;
  const read =
    main === undefined
      ? []
      : await readWithIncludes(files, main, {
          parse: (text) =>
            parseLines(text, { separator: '=', comments: '#' }).map((entry) => ({
              ...entry,
              key: entry.key.replace(/\+$/, ''),
            })),
          includes: (entry) =>
            entry.key === 'include-dir' ? files.folder(absolute(entry.value, '/'), '.conf') : undefined,
        });
  // The folder is read when the file has ended, wherever it is named.
  const entries = [...read.filter(({ path }) => path === main), ...read.filter(({ path }) => path !== main)];
  return (name) => {
    const given = command.option(name);
    const entry = entries.findLast((candidate) => candidate.key === name);
    return given ?? (entry === undefined || entry.value === '' ? undefined : fromFile(entry));
  };
}

/**
 * The recursor's newer form: recursor.yml before recursor.conf (5.0), and in recursor.conf itself (5.1; since 5.2 without
 * being asked for). Lines of the old form hold `=` outside of comments.
 */
async function yamlFile({ files }: PortContext, main: string | undefined): Promise<string | undefined> {
  const own = files.first(['/etc/powerdns/recursor.yml', '/etc/pdns-recursor/recursor.yml']);
  if (own !== undefined || main === undefined) return own;
  const lines = parseLines((await files.read(main)) ?? '', { separator: '=:', comments: '#' });
  const isYaml = lines.some(
    ({ key, value }) => value === '' && /^(?:incoming|recursor|dnssec|webservice|outgoing)$/.test(key),
  );
  return isYaml ? main : undefined;
}

/** `incoming.listen` (addresses with or without a port), `incoming.port`, `webservice.*`; files of `include_dir` win. */
async function yamlSettings({ files }: PortContext, path: string): Promise<Lookup> {
  const own = await readYaml(files, path);
  const folder = own.find(({ key }) => key === 'recursor.include_dir')?.value;
  const included: (typeof own)[] = [];
  for (const file of folder === undefined || folder === '' ? [] : files.folder(folder, '.yml'))
    included.push(await readYaml(files, file));
  const leaves = [own, ...included].flat();
  let listen: typeof own = [];
  for (const each of [own, ...included]) {
    const list = each.filter(({ key }) => /^incoming\.listen(?:\.\d+)?$/.test(key));
    // "Merging multiple setting files": a list is added to, unless the one before is the default.
    listen = listen.length === 1 && listen[0]!.value === '127.0.0.1' && list.length > 0 ? list : [...listen, ...list];
  }
  const names: Readonly<Record<string, string>> = {
    'local-port': 'incoming.port',
    webserver: 'webservice.webserver',
    'webserver-port': 'webservice.port',
    'webserver-address': 'webservice.address',
  };
  return (name) => {
    if (name === 'local-address' && listen[0] !== undefined)
      return { ...fromFile(listen[0]), value: listen.map((leaf) => leaf.value).join(',') };
    return lastOf(leaves, names[name] ?? '\0');
  };
}

function addAll(findings: Findings, addresses: Setting, port: Setting): void {
  for (const value of addresses.value.split(/[\s,]+/).filter(Boolean)) {
    const origin = port.evidence.line === undefined ? addresses : port;
    for (const protocol of ['tcp', 'udp'] as const)
      findings.endpoint({ ...origin, value }, { port: port.value, protocol });
  }
}
