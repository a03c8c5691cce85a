import type { FileRecord } from '../model/files.js';
import { type InstalledPackage, packageKey } from '../model/packages.js';
import { baseName } from '../model/path.js';

/**
 * Files that no package lists and that come and go with one: its records in dpkg's database, what Python compiled of its
 * sources, udev's table of hardware. A package that is laid down from the disk brings them along, or they would lie in every delta.
 * @returns Finds the key of the package that such a path goes with.
 */
export function companionOf(
  packages: readonly InstalledPackage[],
  records: ReadonlyMap<string, FileRecord>,
): (path: string) => string | undefined {
  const keys = new Map<string, string>();
  for (const item of packages) {
    keys.set(`${item.name}:${item.architecture}`, packageKey(item));
    if (!keys.has(item.name)) keys.set(item.name, packageKey(item));
  }
  return (path) => {
    const record = DPKG_INFO.exec(path);
    if (record !== null) return keys.get(record[1]!);
    if (HARDWARE_TABLE.test(path)) return keys.get('udev');
    const owner = compiledPythonSource(path, records)?.owners[0];
    return owner === undefined ? undefined : (compilerOf(owner, keys) ?? owner);
  };
}

/**
 * Debian's interpreters compile their libraries, which are packages apart: where only the library is installed nobody
 * does. Other packages compile their own sources.
 */
function compilerOf(owner: string, keys: ReadonlyMap<string, string>): string | undefined {
  const match = PYTHON_LIBRARY.exec(owner);
  if (match === null) return undefined;
  const [, version, part] = match;
  return keys.get(part === 'minimal' ? `python${version}-minimal` : `python${version}`);
}

const PYTHON_LIBRARY = /^libpython(\d+(?:\.\d+)?)-(minimal|stdlib)(?::|$)/;

/** systemd-hwdb(8): 13 MB that the script of the package compiles. */
const HARDWARE_TABLE = /^(?:\/usr)?\/lib\/udev\/hwdb\.bin$/;

/** dpkg(1), "FILES": what a package's control archive brought, by its name. */
const DPKG_INFO =
  /^\/var\/lib\/dpkg\/info\/([^/]+)\.(?:list|md5sums|conffiles|preinst|postinst|prerm|postrm|triggers|shlibs|symbols|templates|config)$/;

/** The packaged source of a compiled file of Python; undefined for every other path. */
export function compiledPythonSource(path: string, records: ReadonlyMap<string, FileRecord>): FileRecord | undefined {
  const marker = path.lastIndexOf('/__pycache__/');
  if (marker === -1 || !path.endsWith('.pyc')) return undefined;
  const stem = baseName(path).split('.')[0]!;
  const source = records.get(`${path.slice(0, marker)}/${stem}.py`);
  return source !== undefined && source.owners.length > 0 ? source : undefined;
}
