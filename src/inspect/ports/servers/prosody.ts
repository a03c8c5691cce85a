import { parentPath } from '../../../model/path.js';
import { absolute } from '../config-files.js';
import { collectFindings } from '../findings.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, isAtLeast } from '../settings.js';

interface Service {
  /** Keys are `NAME_ports` and `NAME_interfaces`. */
  readonly name: string;
  /** null: listens only where ports are given. */
  readonly port: number | null;
  /** On loopback unless told otherwise, since 0.12. */
  readonly isPrivate?: boolean;
  readonly isOn: (settings: Settings) => boolean;
}

/** https://prosody.im/doc/ports */
const SERVICES: readonly Service[] = [
  { name: 'c2s', port: 5222, isOn: ({ disabled }) => !disabled.includes('c2s') },
  { name: 's2s', port: 5269, isOn: ({ disabled }) => !disabled.includes('s2s') },
  { name: 'c2s_direct_tls', port: null, isOn: ({ disabled }) => !disabled.includes('c2s') },
  { name: 'legacy_ssl', port: null, isOn: ({ disabled }) => !disabled.includes('c2s') },
  { name: 's2s_direct_tls', port: null, isOn: ({ disabled }) => !disabled.includes('s2s') },
  { name: 'component', port: 5347, isPrivate: true, isOn: ({ hasComponents }) => hasComponents },
  { name: 'http', port: 5280, isPrivate: true, isOn: ({ isWeb }) => isWeb },
  { name: 'https', port: 5281, isOn: ({ isWeb }) => isWeb },
  { name: 'proxy65', port: 5000, isOn: ({ modules }) => modules.includes('proxy65') },
];

/** Lua, of which assignments of literals and lists are understood; those before the first host count for the ports. */
export const prosody: PortReader = {
  name: 'prosody',
  programs: ['prosody'],
  async read(context) {
    const findings = await collectFindings(context);
    const named = context.command.option('config')?.value;
    const path = named ?? context.files.first(['/etc/prosody/prosody.cfg.lua', '/etc/prosody.cfg.lua']);
    if (path === undefined) return findings.done();
    const settings = await readSettings(context, path);
    const { lists } = settings;
    for (const { name, port, isPrivate, isOn } of SERVICES) {
      if (!isOn(settings)) continue;
      const ports = lists.get(`${name}_ports`) ?? (port === null ? [] : [fallback(context, path, port)]);
      const local = isPrivate === true && isAtLeast(context.version, '0.12');
      const hosts =
        lists.get(`${name}_interfaces`) ??
        (local ? (lists.get('local_interfaces') ?? LOOPBACK) : lists.get('interfaces')) ??
        EVERYWHERE;
      for (const each of ports)
        for (const { value } of hosts) findings.add(value === '*' ? '0.0.0.0' : value, each.value, each);
    }
    return findings.done();
  },
};

const EVERYWHERE = [{ value: '*' }, { value: '::' }];
const LOOPBACK = [{ value: '127.0.0.1' }, { value: '::1' }];
const MAX_FILES = 200;

interface Settings {
  /** Of the global part: key → its values, a single one as a list of one. */
  readonly lists: ReadonlyMap<string, readonly Setting[]>;
  readonly modules: readonly string[];
  readonly disabled: readonly string[];
  readonly hasComponents: boolean;
  readonly isWeb: boolean;
}

async function readSettings({ files }: PortContext, main: string): Promise<Settings> {
  const folder = parentPath(main);
  const lists = new Map<string, Setting[]>();
  const modules: string[] = [];
  let components = 0;
  let isGlobal = true;
  const paths = [main];
  for (const path of paths) {
    const text = withoutComments((await files.read(path)) ?? '');
    // What an included file opens, it closes: the hosts of one are not those of the next.
    const statements =
      /^[ \t]*(?:(VirtualHost|Host|Component|Include)[ \t(]*["']([^"'\n]{1,255})["'][ \t]*(["'])?|(\w{1,64})[ \t]*=[ \t]*(\{[^}]{0,20000}\}|"[^"\n]{0,1000}"|'[^'\n]{0,1000}'|[\w.]{1,64}))/gm;
    for (const match of text.matchAll(statements)) {
      const [whole, kind, name = '', module, key, value = ''] = match;
      const line =
        text.slice(0, match.index + whole.length).split('\n').length - whole.trimStart().split('\n').length + 1;
      if (kind === 'Include') {
        for (const included of files.expand(absolute(name, folder)))
          if (paths.length < MAX_FILES && !paths.includes(included)) paths.push(included);
      } else if (kind !== undefined) {
        if (path === main) isGlobal = false;
        if (kind === 'Component' && module === undefined) components += 1;
        // A component is served by the module that it names.
        if (kind === 'Component' && module !== undefined)
          modules.push(/^\w{1,64}/.exec(text.slice(match.index + whole.length))?.[0] ?? '');
      } else if (key !== undefined) {
        const values = valuesOf(value).map((each) => ({ value: each, evidence: { path, line } }));
        if (key === 'modules_enabled') modules.push(...values.map((each) => each.value));
        if (isGlobal || key === 'modules_disabled') lists.set(key, values);
      }
    }
  }
  const disabled = (lists.get('modules_disabled') ?? []).map(({ value }) => value);
  const on = modules.filter((name) => !disabled.includes(name));
  const isWeb = on.some((name) => /^(?:bosh|websocket|http(?:_\w+)?)$/.test(name));
  return {
    lists,
    modules: on,
    disabled,
    hasComponents: components > 0 || lists.has('component_ports'),
    isWeb,
  };
}

/** Line and block comments become blanks of as many lines. */
function withoutComments(text: string): string {
  const kept = (comment: string): string => comment.replace(/[^\n]/g, '');
  return text
    .slice(0, 500_000)
    .replace(/--\[\[[\s\S]*?\]\]/g, kept)
    .replace(/--[^\n]*/g, '');
}

function valuesOf(value: string): string[] {
  return [...value.matchAll(/"([^"\n]*)"|'([^'\n]*)'|([\w.]+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
}
