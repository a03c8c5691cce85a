import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstalledPackage, Relation } from '../../../src/model/packages.js';

/** libsolv, the resolver of dnf, microdnf and zypper, by its own test program (`libsolv-tools`). */

export const hasLibsolv = existsSync('/usr/bin/testsolv');

/**
 * What libsolv makes of a command to install packages by name, without what is only recommended.
 * @param base Installed before.
 * @param offered The archive.
 * @returns Keys `name-version.architecture` of what is installed and removed.
 */
export function solve(
  base: readonly InstalledPackage[],
  offered: readonly InstalledPackage[],
  names: readonly string[],
): { readonly installed: Set<string>; readonly removed: Set<string>; readonly problems: readonly string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'libsolv-'));
  try {
    const paths = new Set([...base, ...offered].flatMap(({ depends }) => depends.flat().map(({ name }) => name)));
    writeFileSync(join(folder, 'base.repo'), repositoryOf(base, paths));
    writeFileSync(join(folder, 'archive.repo'), repositoryOf(offered, paths));
    const script = [
      'repo base 0 testtags base.repo',
      'repo archive 0 testtags archive.repo',
      'system x86_64 rpm base',
      'solverflags ignorerecommended',
      ...names.map((name) => `job install name ${name}`),
      'result transaction,problems <inline>',
    ];
    writeFileSync(join(folder, 'test.t'), `${script.join('\n')}\n`);
    const output = execFileSync('testsolv', ['-r', 'test.t'], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 });
    const lines = output.split('\n');
    const named = (verb: string): Set<string> =>
      new Set(
        lines
          .filter((line) => line.startsWith(`${verb} `))
          .map((line) =>
            line
              .split(' ')
              .at(-1)!
              .replace(/@archive$|@base$/, ''),
          ),
      );
    return {
      installed: new Set([...named('install'), ...named('upgrade'), ...named('change')]),
      removed: named('erase'),
      problems: lines.filter((line) => line.startsWith('problem ')),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function solvKey({ name, version, architecture }: InstalledPackage): string {
  return `${name}-${version}.${architecture}`;
}

/** @param wanted What somebody asks for: of the files of packages only those are written down. */
function repositoryOf(packages: readonly InstalledPackage[], wanted: ReadonlySet<string>): string {
  return `=Ver: 3.0\n${packages.map((item) => packageText(item, wanted)).join('')}`;
}

function packageText(item: InstalledPackage, wanted: ReadonlySet<string>): string {
  const { name, version, architecture } = item;
  const dash = version.lastIndexOf('-');
  const self = { name, operator: '=', version } as const;
  const lines = [
    `=Pkg: ${name} ${version.slice(0, dash)} ${version.slice(dash + 1)} ${architecture}`,
    ...item.depends.map((requirement) => `=Req: ${requirement.map(relationText).join(' | ')}`),
    ...[...item.provides, self].map((relation) => `=Prv: ${relationText(relation)}`),
    ...item.conflicts.map((relation) => `=Con: ${relationText(relation)}`),
    ...(item.obsoletes ?? []).map((relation) => `=Obs: ${relationText(relation)}`),
    // Files behind this mark are what the package brings, rather than what it says that it provides.
    '=Prv: /',
    ...[...item.files].filter(({ path }) => wanted.has(path)).map(({ path }) => `=Prv: ${path}`),
  ];
  return `${lines.join('\n')}\n`;
}

function relationText({ name, operator, version }: Relation): string {
  return operator === undefined ? name : `${name} ${operator} ${version}`;
}
