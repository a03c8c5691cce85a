import type { DataDirectory, FileRecord } from '../../model/files.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { comparePaths, joinPath, parentPath } from '../../model/path.js';

/** Files that only a database of that kind has, with neighbours that must be there too. */
const MARKERS: ReadonlyMap<string, { readonly kind: string; readonly beside: readonly string[] }> = new Map([
  ['PG_VERSION', { kind: 'postgresql', beside: ['base', 'global'] }],
  ['ibdata1', { kind: 'mysql', beside: [] }],
  ['aria_log_control', { kind: 'mysql', beside: [] }],
  ['dump.rdb', { kind: 'redis', beside: [] }],
  ['appendonly.aof', { kind: 'redis', beside: [] }],
  ['appendonlydir', { kind: 'redis', beside: [] }],
  ['WiredTiger.wt', { kind: 'mongodb', beside: ['WiredTiger'] }],
  ['data.mdb', { kind: 'ldap', beside: ['lock.mdb'] }],
  ['id2entry.bdb', { kind: 'ldap', beside: [] }],
  ['chunks_head', { kind: 'prometheus', beside: ['wal'] }],
  ['influxd.bolt', { kind: 'influxdb', beside: [] }],
]);

/** First word of a folder's name below /var/lib → kind, where the kind is not the name itself. */
const KINDS: Readonly<Record<string, string>> = {
  mariadb: 'mysql',
  mongo: 'mongodb',
  slapd: 'ldap',
  openldap: 'ldap',
  dirsrv: 'ldap',
  pgsql: 'postgresql',
  valkey: 'redis',
};

/** Folders of /var/lib that the system keeps for itself; what is in them belongs to the programs, not to the users. */
const SYSTEM_STATE = new Set(
  `AccountsService NetworkManager PackageKit alsa alternatives amazon app-info apparmor apt apt-xapian-index aptitude
  aspell authselect belocs bluetooth boltd ca-certificates ca-certificates-java chrony cloud colord command-not-found
  connman containers cni dbus debconf dhclient dhcp dhcp3 dhcpcd dictionaries-common dnf dovecot dpkg dracut
  emacsen-common exim4 fprint fwupd games gconf gdm gdm3 ghostscript git google grub hyperv hyphen initramfs-tools initscripts insserv
  ispell kdump landscape libuuid libvirt/dnsmasq lightdm locales logrotate machines man-db mecab misc mlocate mime-support nfs nssdb ntp ntpsec
  os-prober pam pcp pacman perl plocate plymouth polkit-1 portables postfix power-profiles-daemon private puppet
  pycentral python python3 random-seed readahead rhsm rpcbind rpm rpm-state rsyslog rtkit saned sddm selinux
  sgml-base shim-signed sntp snapd stateless sudo swcatalog systemd systemtap texmf tex-common tpm2-tss tuned tzdata ubuntu-advantage
  ubuntu-release-upgrader ucf udisks2 unattended-upgrades update-manager update-notifier update-rc.d upower ureadahead urandom urpmi
  usb_modeswitch usbutils vim waagent whoopsie wicked xfonts xkb xml-core yum zypp apk pacman`.split(/\s+/),
);

/** Top folders of a standard system (FHS 3.0, section 3, and what distributions add). */
const STANDARD_TOP = new Set(
  `bin boot dev etc home lib lib32 lib64 libx32 lost+found media mnt opt proc root run sbin selinux snap srv sys tmp usr
  var cdrom initrd net misc .cache .config`.split(/\s+/),
);

interface Tally {
  size: number;
  files: number;
  kind: string;
  reason: string;
}

/** Where the machine keeps data: folders with the marks of a database, and usual places with files of no package. */
export function dataDirectories(fs: GuestFs, records: ReadonlyMap<string, FileRecord>): DataDirectory[] {
  const marked = markedFolders(fs, records);
  const tallies = new Map<string, Tally>();
  const counted = new Set<string>();
  for (const record of records.values()) {
    const { entry } = record;
    if (entry.type !== 'file' || record.owners.length > 0 || record.excluded !== undefined) continue;
    const place = placeOf(entry.path, marked);
    if (place === null) continue;
    const tally = tallies.get(place.path) ?? { size: 0, files: 0, kind: place.kind, reason: place.reason };
    tallies.set(place.path, tally);
    tally.files += 1;
    if (entry.links > 1 && counted.has(entry.fileId)) continue;
    if (entry.links > 1) counted.add(entry.fileId);
    tally.size += entry.size;
  }
  return [...tallies]
    .filter(([path, tally]) => marked.has(path) || isWorthNaming(path, tally, marked))
    .map(([path, { kind, size, files, reason }]) => ({
      path,
      kind,
      size,
      reason: `${reason}; ${files} files of no package`,
    }))
    .sort((a, b) => comparePaths(a.path, b.path));
}

function markedFolders(
  fs: GuestFs,
  records: ReadonlyMap<string, FileRecord>,
): Map<string, { kind: string; mark: string }> {
  const found = new Map<string, { kind: string; mark: string }>();
  for (const { entry, owners, excluded } of records.values()) {
    const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    const marker = MARKERS.get(name);
    if (marker === undefined || owners.length > 0 || excluded !== undefined) continue;
    const folder = parentPath(entry.path);
    // A copy in the root or in a home's top is a stray file, not a database.
    if (folder === '/' || folder === '/root' || parentPath(folder) === '/home') continue;
    if (marker.beside.every((item) => fs.lstat(joinPath(folder, item)) !== undefined) && !found.has(folder)) {
      found.set(folder, { kind: marker.kind, mark: name });
    }
  }
  // PostgreSQL keeps a PG_VERSION in every database: the outermost folder is the cluster.
  for (const folder of [...found.keys()]) {
    for (let above = parentPath(folder); above !== '/'; above = parentPath(above)) {
      if (found.has(above)) found.delete(folder);
    }
  }
  return found;
}

function placeOf(
  path: string,
  marked: ReadonlyMap<string, { kind: string; mark: string }>,
): { path: string; kind: string; reason: string } | null {
  if (marked.size > 0) {
    for (let folder = parentPath(path); folder !== '/'; folder = parentPath(folder)) {
      const mark = marked.get(folder);
      if (mark !== undefined) return { path: folder, kind: mark.kind, reason: `holds ${mark.mark}` };
    }
  }
  const parts = path.split('/', 6);
  const [, top, second, third, fourth] = parts;
  if (top === undefined || second === undefined) return null;
  if (top === 'home') return { path: '/home', kind: 'homes', reason: 'homes of users' };
  if (top === 'srv') return { path: '/srv', kind: 'served', reason: 'data that the machine serves' };
  if (top !== 'var') {
    if (STANDARD_TOP.has(top) || top.startsWith('.')) return null;
    return { path: `/${top}`, kind: 'custom', reason: 'a top folder that no standard knows' };
  }
  if (third === undefined) return null;
  if (second === 'www') return { path: '/var/www', kind: 'web', reason: 'served by a web server' };
  if (second === 'mail' || second === 'vmail') return { path: `/var/${second}`, kind: 'mail', reason: 'mailboxes' };
  if (second === 'spool' && third === 'mail' && fourth !== undefined) {
    return { path: '/var/spool/mail', kind: 'mail', reason: 'mailboxes' };
  }
  if (second === 'opt') return { path: `/var/opt/${third}`, kind: 'state', reason: 'data of an added program' };
  if (second !== 'lib' || fourth === undefined) return null;
  // systemd keeps the folders of DynamicUser= services here: systemd.exec(5).
  const isPrivate = third === 'private' && parts.length > 5;
  const name = isPrivate ? fourth : third;
  if (SYSTEM_STATE.has(name)) return null;
  const folder = isPrivate ? `/var/lib/private/${name}` : `/var/lib/${name}`;
  const word = /^[a-z]*/i.exec(name)![0].toLowerCase();
  return { path: folder, kind: Object.hasOwn(KINDS, word) ? KINDS[word]! : name, reason: 'state of a program' };
}

const SMALL = 1024 * 1024;

/** Beside a database only its program's odd files are left, and a home of nothing but start-up files is no data. */
function isWorthNaming(path: string, tally: Tally, marked: ReadonlyMap<string, unknown>): boolean {
  if (tally.size === 0) return false;
  if (tally.size >= SMALL) return true;
  return ![...marked.keys()].some((folder) => folder.startsWith(`${path}/`));
}
