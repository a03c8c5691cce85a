import type { Evidence, Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import type { PackageReason } from '../../../../model/packages.js';
import { DNF5_FOLDERS } from '../dnf5-state.js';
import type { PackageFacts } from '../header/facts.js';
import { readDnf5State } from './dnf5.js';
import { DNF_HISTORY, readDnfHistory } from './history.js';
import { NAME_LISTS, readNameLists } from './name-list.js';
import { firstInstallation, inferFromTransactions } from './transactions.js';
import { readYumdb, YUMDB_FOLDERS } from './yumdb.js';

export const REASON_PATHS: readonly string[] = [
  ...DNF5_FOLDERS,
  DNF_HISTORY,
  `${DNF_HISTORY}-wal`,
  ...YUMDB_FOLDERS,
  ...NAME_LISTS,
];

export interface DecidedReason {
  readonly auto: boolean | null;
  readonly repository: string | undefined;
  readonly reason: PackageReason | undefined;
}

/** The newest manager first: an upgraded system keeps the notes of the older ones. */
const SOURCES = [readDnf5State, readDnfHistory, readYumdb, readNameLists];

/** @param database Evidence for what is inferred from the database itself. */
export async function readReasons(
  fs: GuestFs,
  packages: readonly PackageFacts[],
  database: Evidence | undefined,
  problems: Problem[],
): Promise<(item: PackageFacts) => DecidedReason> {
  const sources = [];
  for (const read of SOURCES) sources.push(await read(fs, problems));
  const recorded = new Map<PackageFacts, DecidedReason>();
  for (const item of packages) {
    const notes = sources.map((source) => source(item)).filter((note) => note !== undefined);
    const decisive = notes.find((note) => note.auto !== null);
    if (notes.length === 0) continue;
    recorded.set(item, {
      auto: decisive?.auto ?? null,
      repository: notes.find((note) => note.repository !== undefined)?.repository,
      reason: { inferred: false, evidence: (decisive ?? notes[0]!).evidence },
    });
  }
  const isRecorded = [...recorded.values()].some(({ auto }) => auto !== null);
  const inferred = isRecorded ? new Map<PackageFacts, boolean>() : inferFromTransactions(packages);
  const ofSystem = new Set(isRecorded ? [] : firstInstallation(packages));
  return (item) => {
    const known = recorded.get(item);
    if (known !== undefined && known.auto !== null) return known;
    const auto = inferred.get(item) ?? null;
    const reason: PackageReason | undefined =
      (auto === null && !ofSystem.has(item)) || database === undefined
        ? known?.reason
        : { inferred: true, evidence: { path: database.path, record: `INSTALLTID ${item.transaction}` } };
    return { auto, repository: known?.repository, reason };
  };
}
