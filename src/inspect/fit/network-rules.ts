import { isWithin } from '../../model/path.js';
import { readOptionalText } from '../../syntax/guest-text.js';
import { interfaceLines } from './interfaces.js';
import { evidenceOf, readLines } from './read-lines.js';
import { bounded, type FitRule, listed, serviceEvidence } from './rule.js';

const REMOTE_TYPES =
  /^(?:nfs4?|cifs|smb3?|smbfs|sshfs|fuse\.sshfs|glusterfs|fuse\.glusterfs|ceph|afs|ncpfs|davfs|lustre|9p|beegfs|ocfs2|gfs2?)$/;
const MAX_FILES = 3000;
const MAX_BYTES = 256 * 1024;

/** What ties the machine to its network. */
export const NETWORK_RULES: readonly FitRule[] = [
  {
    id: 'network-mounts',
    severity: 'warning',
    async check({ fs }) {
      const lines = (await readLines(fs, '/etc/fstab')).filter(({ text }) =>
        REMOTE_TYPES.test(text.split(/\s+/)[2] ?? ''),
      );
      if (lines.length === 0) return [];
      const names = lines.map(({ text }) => text.split(/\s+/)[1] ?? '?');
      const message = `File systems of other machines are mounted at ${listed(names)}. Give them to the containers as volumes; their content is in no image.`;
      return [{ message, evidence: bounded(lines.map(evidenceOf)) }];
    },
  },
  {
    id: 'automounts',
    severity: 'info',
    async check({ fs }) {
      const lines = (await readLines(fs, '/etc/auto.master')).filter(
        ({ text }) => text.startsWith('/') && !/\s-hosts\b/.test(text),
      );
      if (lines.length === 0) return [];
      const message = `Folders are mounted on demand below ${listed(lines.map(({ text }) => text.split(/\s+/)[0]!))}; a container does not mount.`;
      return [{ message, evidence: bounded(lines.map(evidenceOf)) }];
    },
  },
  {
    id: 'several-interfaces',
    severity: 'warning',
    async check({ fs }) {
      const interfaces = await interfaceLines(fs);
      const names = [...new Set(interfaces.map(({ name }) => name))];
      if (names.length < 2) return [];
      const message = `Several network interfaces are set up: ${listed(names)}. The containers of a machine have one network; services that tell them apart need to be looked at.`;
      return [{ message, evidence: bounded(interfaces.map(({ at }) => at)) }];
    },
  },
  {
    id: 'own-addresses',
    severity: 'warning',
    async check({ fs, services }) {
      const interfaces = await interfaceLines(fs);
      const own = new Set(interfaces.flatMap(({ addresses }) => addresses));
      const bound = services.filter(
        ({ enabled, role, ports }) =>
          enabled && role === 'application' && ports.some(({ address }) => isOneAddress(address)),
      );
      const written = own.size === 0 ? [] : await mentions(fs, own, new Set(interfaces.map(({ at }) => at.path)));
      return [
        ...(bound.length === 0
          ? []
          : [
              {
                message: `Services listen on one address of the machine, which a container does not have: ${listed(bound.map(({ name }) => name))}. Change the address, or they will not start.`,
                evidence: bounded(
                  bound.flatMap(({ ports }) =>
                    ports.filter(({ address }) => isOneAddress(address)).map(({ evidence }) => evidence),
                  ),
                ),
              },
            ]),
        ...(written.length === 0
          ? []
          : [
              {
                message: `The machine's own addresses (${listed([...own].sort())}) are written into ${written.length} places of its configuration.`,
                evidence: bounded(written),
              },
            ]),
      ];
    },
  },
  {
    id: 'firewall',
    severity: 'info',
    check({ services }) {
      const found = services.filter(
        ({ enabled, name }) =>
          enabled &&
          /^(?:ufw|firewalld|nftables|iptables|ip6tables|netfilter-persistent|shorewall6?|ferm|fail2ban)(?:\.service)?$/.test(
            name,
          ),
      );
      if (found.length === 0) return [];
      const message = `A firewall guards the machine (${listed(found.map(({ name }) => name))}). It has no power over published ports of containers; compare with them.`;
      return [{ message, evidence: serviceEvidence(found) }];
    },
  },
];

function isOneAddress(address: string): boolean {
  if (address === '*' || address === '0.0.0.0' || address === '::' || address === '::1' || address.startsWith('127.'))
    return false;
  return (
    /^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$|:/.test(address) &&
    !address.startsWith('::ffff:127.') &&
    !/^(?:22[4-9]|23[0-9])\.|^ff/i.test(address)
  );
}

/** Where the addresses stand in small text files below /etc, other than in those that set up the network. */
async function mentions(
  fs: Parameters<FitRule['check']>[0]['fs'],
  addresses: ReadonlySet<string>,
  without: ReadonlySet<string>,
): Promise<{ path: string; line: number }[]> {
  const found: { path: string; line: number }[] = [];
  let files = 0;
  for (const { path, type, size } of fs.entries()) {
    if (type !== 'file' || size > MAX_BYTES || !isWithin(path, '/etc') || without.has(path)) continue;
    if (isWithin(path, '/etc/ssl') || isWithin(path, '/etc/ssh') || isWithin(path, '/etc/alternatives')) continue;
    files += 1;
    if (files > MAX_FILES || found.length >= 50) break;
    const text = (await readOptionalText(fs, path, MAX_BYTES, [])) ?? '';
    if (![...addresses].some((address) => text.includes(address))) continue;
    text.split('\n').forEach((line, index) => {
      if (/^\s*[#;]/.test(line)) return;
      if ([...addresses].some((address) => standsIn(line, address))) found.push({ path, line: index + 1 });
    });
  }
  return found;
}

/** `10.0.0.1` does not stand in `10.0.0.12`. */
function standsIn(line: string, address: string): boolean {
  for (let at = line.indexOf(address); at !== -1; at = line.indexOf(address, at + 1)) {
    const before = line[at - 1] ?? '';
    const after = line[at + address.length] ?? '';
    if (!/[0-9a-fA-F.]/.test(before) && !/[0-9a-fA-F]/.test(after)) return true;
  }
  return false;
}
