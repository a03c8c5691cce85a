import { findVolume, type Volume } from './volumes.js';

const MAX_LINES = 1024;

/**
 * The volumes with the names that the machine's own crypttab(5) gives to what is opened: `NAME SOURCE …` on a line makes
 * `/dev/mapper/NAME` of what lies in SOURCE.
 */
export function withCrypttabNames<V extends Volume>(volumes: readonly V[], crypttab: string | undefined): V[] {
  const names = new Map<string, string[]>();
  for (const line of (crypttab ?? '').split('\n', MAX_LINES)) {
    const [name, source] = line.trim().split(/[ \t\r]+/, 2);
    if (name === undefined || source === undefined || name.startsWith('#')) continue;
    const openedAs = findVolume(source, volumes)?.openedAs;
    if (openedAs !== undefined) names.set(openedAs, [...(names.get(openedAs) ?? []), `/dev/mapper/${name}`]);
  }
  return volumes.map((volume) => {
    const more = names.get(volume.device);
    return more === undefined ? volume : { ...volume, aliases: [...(volume.aliases ?? []), ...more] };
  });
}
