import { readText } from '../../context.js';
import { type Generated, generatedSettings, NOTHING_GENERATED } from '../generated.js';
import { escapePath, parseUnitName } from '../unit-name.js';
import type { Generator } from './generator.js';

const PATH = '/etc/fstab';
const MAX_LINES = 10_000;
/** File systems that need the network, or that `_netdev` says so of (systemd.mount(5)). */
const NETWORKED =
  /^(?:afs|ceph|cifs|davfs|fuse\.(?:ceph|glusterfs|sshfs)|gfs2?|glusterfs|lustre|ncpfs?|nfs4?|ocfs2|orangefs|pvfs2|smb3?|smbfs)$/;
/** Links of /dev/disk that fstab(5) names by a tag. */
const TAGS: Readonly<Record<string, string>> = {
  UUID: 'by-uuid',
  LABEL: 'by-label',
  PARTUUID: 'by-partuuid',
  PARTLABEL: 'by-partlabel',
  ID: 'by-id',
};

/**
 * systemd-fstab-generator(8): mount, automount and swap units. Services hang on them with Requires= and
 * RequiresMountsFor=, and an entry may pull in services itself (`x-systemd.requires=`).
 */
export const fstab: Generator = {
  program: 'systemd-fstab-generator',
  async generate({ context }) {
    const units = new Map<string, Generated['units'][number]>();
    const links: Generated['links'][number][] = [];
    const lines = ((await readText(context, PATH)) ?? '').split('\n', MAX_LINES);
    for (const [index, text] of lines.entries()) {
      const [source = '', point = '', type = '', written = 'defaults'] = text.trim().split(/\s+/);
      if (source === '' || source.startsWith('#')) continue;
      const options = written.split(',');
      const values = (name: string): string[] =>
        options.filter((option) => option.startsWith(`${name}=`)).map((option) => option.slice(name.length + 1));
      const isSwap = type === 'swap';
      if (!isSwap && !point.startsWith('/')) continue;
      const stem = escapePath(isSwap ? deviceOf(source) : unescapeField(point));
      const name = `${stem}.${isSwap ? 'swap' : 'mount'}`;
      if (parseUnitName(name) === null || units.has(name)) continue;
      const wants = ['requires', 'wants', 'after', 'before'].flatMap((kind) =>
        values(`x-systemd.${kind}`).map(
          (value) => ['Unit', kind[0]!.toUpperCase() + kind.slice(1), asUnit(unescapeField(value))] as const,
        ),
      );
      const settings = generatedSettings(PATH, wants, index + 1);
      units.set(name, { rank: 'normal', name, path: PATH, settings });
      let started = name;
      if (
        !isSwap &&
        options.some((option) => option === 'x-systemd.automount' || option === 'comment=systemd.automount')
      ) {
        started = `${stem}.automount`;
        units.set(started, { rank: 'normal', name: started, path: PATH, settings: [] });
      }
      const link = (folder: string): void => {
        links.push({ rank: 'normal', folder, name: started, path: PATH });
      };
      for (const target of values('x-systemd.wanted-by')) link(`${unescapeField(target)}.wants`);
      for (const target of values('x-systemd.required-by')) link(`${unescapeField(target)}.requires`);
      if (options.includes('noauto')) continue;
      const isNetworked = options.includes('_netdev') || NETWORKED.test(type);
      const target = isSwap ? 'swap.target' : isNetworked ? 'remote-fs.target' : 'local-fs.target';
      link(`${target}.${options.includes('nofail') ? 'wants' : 'requires'}`);
    }
    return { ...NOTHING_GENERATED, units: [...units.values()], links };
  },
};

function deviceOf(source: string): string {
  const [tag, value] = unescapeField(source).split(/=(.*)/s, 2) as [string, string | undefined];
  const folder = Object.hasOwn(TAGS, tag) ? TAGS[tag] : undefined;
  return folder === undefined || value === undefined
    ? unescapeField(source)
    : `/dev/disk/${folder}/${value.replace(/^"(.*)"$/, '$1')}`;
}

/** `x-systemd.requires=` takes a unit or a path: a device below /dev, otherwise a mount point. */
function asUnit(text: string): string {
  if (!text.startsWith('/')) return text;
  return `${escapePath(text)}.${/^\/(?:dev|sys)\//.test(text) ? 'device' : 'mount'}`;
}

/** fstab(5) writes blanks and backslashes as octal escapes. */
function unescapeField(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
