import type { FitSubject } from './rule.js';
import { bounded, type FitRule, firstExisting, listed, runningPrograms, serviceEvidence } from './rule.js';

const CLUSTER = new Set(
  'corosync pacemakerd pacemaker heartbeat cman rgmanager keepalived drbdadm glusterd ceph-mon ceph-osd ceph-mds patroni etcd consul nomad galera garbd slurmd slurmctld pbs_mom sge_execd o2cb'.split(
    ' ',
  ),
);

const LICENCES: readonly (readonly [name: string, paths: readonly string[]])[] = [
  ['FlexNet', ['/usr/local/flexlm', '/opt/flexlm', '/usr/tmp/.flexlm', '/var/tmp/.flexlm']],
  ['Sentinel HASP', ['/usr/sbin/hasplmd', '/usr/sbin/aksusbd', '/etc/hasplm', '/var/hasplm']],
  ['WIBU CodeMeter', ['/usr/sbin/CodeMeterLin', '/etc/wibu']],
  ['Reprise RLM', ['/opt/rlm/rlm', '/usr/local/rlm/rlm']],
  ['Oracle Database', ['/etc/oratab', '/etc/oraInst.loc']],
  ['SAP', ['/usr/sap/sapservices', '/usr/sap/hostctrl']],
  ['IBM Db2', ['/opt/ibm/db2', '/var/db2/global.reg']],
];
const LICENCE_DAEMONS = new Set('lmgrd rlm hasplmd aksusbd CodeMeterLin'.split(' '));

/** Programs that act as root on what a container withholds; ping and its like work with what engines give. */
const PRIVILEGED_PROGRAMS = new Set(
  'mount.nfs mount.cifs mount.ecryptfs_private fusermount fusermount3 ntfs-3g pppd Xorg.wrap chrome-sandbox bwrap dumpcap VBoxHeadless VBoxNetAdpCtl qemu-bridge-helper lxc-user-nic usernetctl'.split(
    ' ',
  ),
);

const MAX_ID = 65_535;

/** What the programs and files of the machine ask for. */
export const SOFTWARE_RULES: readonly FitRule[] = [
  {
    id: 'cluster-software',
    severity: 'warning',
    check({ services }) {
      const found = runningPrograms(services, CLUSTER);
      if (found.length === 0) return [];
      const message = `The machine is part of a cluster (${listed(found.map(({ name }) => name))}): its members know it by its address and its identity.`;
      return [{ message, evidence: serviceEvidence(found) }];
    },
  },
  {
    id: 'licence-bound-to-hardware',
    severity: 'warning',
    check({ fs, services }) {
      const found = LICENCES.flatMap(([name, paths]) => {
        const path = firstExisting(fs, paths);
        return path === undefined ? [] : [{ name, path }];
      });
      const daemons = runningPrograms(services, LICENCE_DAEMONS);
      if (found.length === 0 && daemons.length === 0) return [];
      const names = [...found.map(({ name }) => name), ...daemons.map(({ name }) => name)];
      const message = `Licences may be bound to this machine's hardware, addresses or number of CPUs: ${listed(names)}. A container shows the host's.`;
      return [{ message, evidence: bounded([...found.map(({ path }) => ({ path })), ...serviceEvidence(daemons)]) }];
    },
  },
  {
    id: 'database',
    severity: 'info',
    check({ dataDirectories }) {
      const kinds =
        /^(?:postgresql|mysql|redis|mongodb|ldap|prometheus|influxdb|elasticsearch|opensearch|cassandra|couchdb|neo4j|rabbitmq-server|rabbitmq)$/;
      const found = dataDirectories.filter(({ kind }) => kinds.test(kind));
      if (found.length === 0) return [];
      const size = found.reduce((sum, each) => sum + each.size, 0);
      const message = `Databases keep ${(size / 1e6).toFixed(1)} MB in ${listed(found.map(({ path }) => path))}. The image holds their state of now; when the machine runs on, dump and load them at the move.`;
      return [{ message, evidence: bounded(found.map(({ path }) => ({ path }))) }];
    },
  },
  {
    id: 'container-store',
    severity: 'warning',
    check({ fs }) {
      const stores = [
        '/var/lib/docker/overlay2',
        '/var/lib/docker/image',
        '/var/lib/containers/storage/overlay',
        '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots',
        '/var/lib/lxc',
        '/var/lib/lxd/containers',
        '/var/lib/incus/containers',
        '/var/lib/machines',
        '/var/lib/kubelet/pods',
      ].filter((path) => fs.list(path).length > 0);
      if (stores.length === 0) return [];
      const message = `The machine holds containers of its own in ${listed(stores)}. Move those as they are; their stores are left out of the images.`;
      return [{ message, evidence: stores.map((path) => ({ path })) }];
    },
  },
  {
    id: 'virtual-machines-inside',
    severity: 'blocker',
    check({ fs }) {
      const folder = '/etc/libvirt/qemu';
      const names = fs.list(folder).filter((name) => name.endsWith('.xml'));
      if (names.length === 0) return [];
      const message = `Virtual machines run on this machine: ${listed(names)}. A container is no place for them.`;
      return [{ message, evidence: bounded(names.map((name) => ({ path: `${folder}/${name}` }))) }];
    },
  },
  {
    id: 'setuid-needs-capabilities',
    severity: 'info',
    check({ fs }) {
      const found: string[] = [];
      const local: string[] = [];
      for (const { path, type, mode, uid } of fs.entries()) {
        if (type !== 'file' || (mode & 0o4000) === 0 || uid !== 0) continue;
        if (PRIVILEGED_PROGRAMS.has(path.slice(path.lastIndexOf('/') + 1))) found.push(path);
        else if (/^\/(?:usr\/local|opt|srv|home|root)\//.test(path)) local.push(path);
      }
      return [
        ...matchOf(
          found,
          (names) => `Setuid programs that need more than a container gives (mounts, devices, name spaces): ${names}.`,
        ),
        ...matchOf(
          local,
          (names) => `Setuid programs from outside of the packages: ${names}. See what they do as root.`,
        ),
      ];
    },
  },
  {
    id: 'large-ids',
    severity: 'warning',
    check({ fs }) {
      const paths: string[] = [];
      let count = 0;
      let largest = 0;
      for (const { path, uid, gid } of fs.entries()) {
        const id = Math.max(uid, gid);
        if (id <= MAX_ID) continue;
        count += 1;
        largest = Math.max(largest, id);
        if (paths.length < 10) paths.push(path);
      }
      if (count === 0) return [];
      const message = `${count} paths belong to users or groups with numbers above ${MAX_ID} (up to ${largest}). Engines without root and with user name spaces map no more than that by default.`;
      return [{ message, evidence: paths.map((path) => ({ path })) }];
    },
  },
  { id: 'other-architecture', severity: 'warning', check: otherArchitecture },
];

function matchOf(
  paths: readonly string[],
  message: (names: string) => string,
): { message: string; evidence: readonly { path: string }[] }[] {
  return paths.length === 0
    ? []
    : [{ message: message(listed(paths)), evidence: paths.slice(0, 50).map((path) => ({ path })) }];
}

/** Names of package managers and distributions → `process.arch`. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  amd64: 'x64',
  x86_64: 'x64',
  arm64: 'arm64',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
  armv7: 'arm',
  armv7hl: 'arm',
  ppc64el: 'ppc64',
  ppc64le: 'ppc64',
  s390x: 's390x',
  riscv64: 'riscv64',
  i386: 'ia32',
  i486: 'ia32',
  i586: 'ia32',
  i686: 'ia32',
  x86: 'ia32',
};

/** 32-bit programs of x86 and ARM run on most 64-bit kernels. */
const RUNS_ON: Readonly<Record<string, readonly string[]>> = { ia32: ['x64'], arm: ['arm64'] };

function otherArchitecture({
  os,
  hostArchitecture,
}: FitSubject): { message: string; evidence: FitSubject['os']['evidence'] }[] {
  const own =
    os.architecture === null
      ? undefined
      : Object.hasOwn(ARCHITECTURES, os.architecture)
        ? ARCHITECTURES[os.architecture]
        : undefined;
  if (own === undefined || hostArchitecture === null || own === hostArchitecture) return [];
  if (RUNS_ON[own]?.includes(hostArchitecture) === true) return [];
  const message = `The machine is ${os.architecture}, this host ${hostArchitecture}: its images run here only under emulation (binfmt_misc).`;
  return [{ message, evidence: os.evidence.slice(-1) }];
}
