import type { FitFinding } from '../model/os.js';
import { comparePaths } from '../model/path.js';
import type { LayerPlan, MachinePlan } from '../model/plan.js';
import type { BaseChoice } from './base/choose-base.js';
import type { MachineFiles } from './files.js';
import { installName } from './layers/package-layers.js';
import type { Member } from './member.js';

export function describeMachine(
  group: string,
  { files, reduction }: Member,
  chain: readonly string[],
  architecture: string | null,
  base: BaseChoice,
  layers: readonly LayerPlan[] = [],
): MachinePlan {
  const { source, os } = files.machine;
  return {
    name: source.name,
    slug: source.slug,
    group,
    chain,
    toInstall: reduction.named.map((item) => installName(item, architecture)).sort(comparePaths),
    reduction: { before: reduction.full.length, after: reduction.named.length },
    sizes: contentSizes(files),
    unrepresentable: files.unrepresentable,
    fit: [
      ...(base.standIn === undefined ? [] : [standInFinding(os.id, os.versionId, base, files)]),
      ...versionFinding(
        layers.filter(({ id }) => chain.includes(id)),
        files,
      ),
    ],
    problems: [],
  };
}

/** Bytes of regular files, each hard-link group once; an excluded group counts for the class of its first name. */
function contentSizes(files: MachineFiles): MachinePlan['sizes'] {
  const seen = new Set<string>();
  const excluded = new Map<string, number>();
  let used = 0;
  let bare = 0;
  for (const pass of ['kept', 'excluded'] as const) {
    for (const { entry, excluded: reason } of files.machine.files.records.values()) {
      if (entry.type !== 'file' || (reason === undefined) !== (pass === 'kept')) continue;
      if (entry.links > 1) {
        if (seen.has(entry.fileId)) continue;
        seen.add(entry.fileId);
      }
      used += entry.size;
      if (reason === undefined) bare += entry.size;
      else excluded.set(reason.class, (excluded.get(reason.class) ?? 0) + entry.size);
    }
  }
  return { used, excluded: Object.fromEntries([...excluded].sort(([a], [b]) => comparePaths(a, b))), bare };
}

const MAX_SHOWN = 10;

/** The machine's own versions are gone: another is installed, and the delta brings the machine's files over it. */
function versionFinding(chain: readonly LayerPlan[], files: MachineFiles): FitFinding[] {
  const different = chain.flatMap(({ install }) => install?.different ?? []);
  if (different.length === 0) return [];
  const shown = different
    .slice(0, MAX_SHOWN)
    .map(({ name, wanted, installed }) => `${name} ${installed} for ${wanted}`);
  const more = different.length > MAX_SHOWN ? ` and ${different.length - MAX_SHOWN} more` : '';
  return [
    {
      rule: 'other-versions',
      severity: 'info',
      message: `Other versions are installed than the machine has, whose files its delta brings: ${shown.join(', ')}${more}.`,
      evidence: files.machine.packages?.evidence ?? [],
    },
  ];
}

function standInFinding(id: string, versionId: string | null, base: BaseChoice, files: MachineFiles): FitFinding {
  return {
    rule: 'base-stand-in',
    severity: 'warning',
    message: `No base image is known for ${id} ${versionId ?? ''}; that of ${base.standIn} stands in: ${base.reference}`,
    evidence: files.machine.os.evidence,
  };
}
