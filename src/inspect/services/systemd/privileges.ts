import type { Privileges, Service } from '../../../model/services.js';
import type { Setting } from './unit-file.js';

const CAPABILITY = /^CAP_[A-Z_]{1,40}$/;

interface CapabilitySet {
  /** All but the names, rather than the names. */
  inverted: boolean;
  readonly names: Set<string>;
}

/**
 * CapabilityBoundingSet= and AmbientCapabilities= (systemd.exec(5)): the first list decides whether it names what stays
 * or, after `~`, what goes; further ones add or take away; an empty one is the empty set, and `~` alone the full one.
 */
export function readPrivileges(settings: readonly Setting[]): Pick<Service, 'capabilities' | 'privileges'> {
  const bounding = fold(settings, 'CapabilityBoundingSet');
  const ambient = fold(settings, 'AmbientCapabilities');
  if (bounding === null && ambient === null) return { capabilities: null };
  const given = ambient === null || ambient.inverted ? [] : [...ambient.names].sort();
  const listed = bounding === null || bounding.inverted ? [] : [...bounding.names].sort();
  const isLimited = bounding !== null && !(bounding.inverted && bounding.names.size === 0);
  return {
    capabilities: [...new Set([...listed, ...given])].sort(),
    privileges: { bounding: isLimited ? asBounding(bounding) : null, ambient: given },
  };
}

function asBounding({ inverted, names }: CapabilitySet): Privileges['bounding'] {
  const sorted = [...names].sort();
  return inverted ? { without: sorted } : { only: sorted };
}

function fold(settings: readonly Setting[], name: string): CapabilitySet | null {
  let state: CapabilitySet | null = null;
  for (const setting of settings) {
    if (setting.section !== 'Service' || setting.name !== name) continue;
    const takesAway = setting.value.startsWith('~');
    const words = setting.value
      .replace(/^~/, '')
      .split(/\s+/)
      .map((word) => word.toUpperCase())
      .filter((word) => CAPABILITY.test(word));
    if (setting.value.trim() === '' || setting.value.trim() === '~' || state === null) {
      state = { inverted: takesAway, names: new Set(words) };
      continue;
    }
    for (const word of words) {
      if (takesAway === state.inverted) state.names.add(word);
      else state.names.delete(word);
    }
  }
  return state;
}
