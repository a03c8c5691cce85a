import type { Setting } from './unit-file.js';

/** Which of a generator's three output folders: systemd.generator(7). */
export type GeneratorRank = 'early' | 'normal' | 'late';

/** What generators would write at boot, read from what they read. `path` is always the file behind it. */
export interface Generated {
  readonly units: readonly {
    readonly rank: GeneratorRank;
    readonly name: string;
    readonly settings: readonly Setting[];
    readonly path: string;
  }[];
  readonly links: readonly {
    readonly rank: GeneratorRank;
    /** `multi-user.target.wants` */
    readonly folder: string;
    readonly name: string;
    readonly path: string;
  }[];
  readonly aliases: readonly {
    readonly rank: GeneratorRank;
    readonly name: string;
    readonly target: string;
    readonly path: string;
  }[];
  readonly dropIns: readonly {
    readonly rank: GeneratorRank;
    readonly unit: string;
    readonly settings: readonly Setting[];
  }[];
}

export const NOTHING_GENERATED: Generated = { units: [], links: [], aliases: [], dropIns: [] };

/** Settings of a generated unit: `[section, name, value]`, each with the file (and line) it follows from. */
export function generatedSettings(
  path: string,
  triples: readonly (readonly [section: string, name: string, value: string])[],
  line = 1,
): Setting[] {
  return triples.map(([section, name, value]) => ({ section, name, value, path, line }));
}

export function mergeGenerated(parts: readonly Generated[]): Generated {
  return {
    units: parts.flatMap((part) => part.units),
    links: parts.flatMap((part) => part.links),
    aliases: parts.flatMap((part) => part.aliases),
    dropIns: parts.flatMap((part) => part.dropIns),
  };
}
