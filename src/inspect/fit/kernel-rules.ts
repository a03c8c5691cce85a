import { joinPath } from '../../model/path.js';
import { evidenceOf, readFolderLines, readLines } from './read-lines.js';
import { bounded, type FitRule, firstExisting, listed, runningPrograms, serviceEvidence } from './rule.js';

/** Loaded for a machine's own devices and file systems; a container neither has nor needs them. */
const USUAL_MODULES = new Set(
  'loop lp parport rtc fuse configfs efi_pstore dm_mod drm scsi_dh_alua scsi_dh_emc scsi_dh_rdac msr virtio_rng cpuid'.split(
    ' ',
  ),
);

const DEVICE_DAEMONS = new Set(
  'kvm libvirtd virtlogd qemu-system-x86_64 pcscd gpsd usbmuxd bluetoothd hostapd wpa_supplicant asterisk-dahdi lirc lircd iscsid tgtd multipathd openvswitch ovs-vswitchd'.split(
    ' ',
  ),
);
const RAW_SOCKETS = new Set(
  'dhcpd dhclient kea-dhcp4 keepalived radvd suricata snort zeek tcpdump ntopng softflowd fprobe arpwatch pppd openvpn xl2tpd strongswan charon pluto wg-quick smokeping fping vrrpd ospfd bgpd zebra bird bird6 frr igmpproxy pimd'.split(
    ' ',
  ),
);
const CLOCKS = new Set('chronyd ntpd openntpd ntpsec ptp4l phc2sys systemd-timesyncd'.split(' '));

/** What is the kernel's, or asks it for more than a container may. */
export const KERNEL_RULES: readonly FitRule[] = [
  {
    id: 'kernel-modules',
    severity: 'warning',
    async check({ fs }) {
      const lines = [
        ...(await readLines(fs, '/etc/modules')),
        ...(await readFolderLines(fs, '/etc/modules-load.d', '.conf')),
        ...(await readFolderLines(fs, '/usr/local/lib/modules-load.d', '.conf')),
      ].filter(({ text }) => !USUAL_MODULES.has(text.split(/\s/, 1)[0]!.replaceAll('-', '_')));
      if (lines.length === 0) return [];
      const names = [...new Set(lines.map(({ text }) => text.split(/\s/, 1)[0]!))];
      const message = `Kernel modules are loaded at boot: ${listed(names)}. What needs them needs them on the host.`;
      return [{ message, evidence: bounded(lines.map(evidenceOf)) }];
    },
  },
  {
    id: 'kernel-modules-built-here',
    severity: 'warning',
    check({ fs }) {
      const names = fs.list('/var/lib/dkms').filter((name) => fs.stat(`/var/lib/dkms/${name}`)?.type === 'directory');
      if (names.length === 0) return [];
      const message = `DKMS builds kernel modules: ${listed(names)}. A container runs on the host's kernel without them.`;
      return [{ message, evidence: bounded(names.map((name) => ({ path: joinPath('/var/lib/dkms', name) }))) }];
    },
  },
  {
    id: 'kernel-settings',
    severity: 'info',
    async check({ fs }) {
      const lines = [
        ...(await readLines(fs, '/etc/sysctl.conf')),
        ...(await readFolderLines(fs, '/etc/sysctl.d', '.conf')),
      ].filter(({ text }) =>
        /^-?(?:net\.core|net\.ipv4\.ip_forward|vm|fs|kernel\.(?:shm|sem|msg|pid|thread))/.test(text),
      );
      const own = lines.filter(
        ({ path }) =>
          !/\/(?:10|50|99)-(?:sysctl|default|coredump|pid-max|ipv6-privacy|kernel-hardening|console-messages)/.test(
            path,
          ),
      );
      if (own.length === 0) return [];
      const names = [...new Set(own.map(({ text }) => text.split('=', 1)[0]!.replace(/^-/, '').trim()))];
      const message = `Kernel settings of the machine: ${listed(names)}. Those of the whole kernel must be set on the host.`;
      return [{ message, evidence: bounded(own.map(evidenceOf)) }];
    },
  },
  {
    id: 'privileged-devices',
    severity: 'warning',
    check({ services, fs }) {
      const found = runningPrograms(services, DEVICE_DAEMONS);
      const rules = fs
        .list('/etc/udev/rules.d')
        .filter((name) => /^[0-9]+-.*\.rules$/.test(name) && !/persistent|70-|75-cd|net-setup/.test(name));
      return [
        ...(found.length === 0
          ? []
          : [
              {
                message: `Services that work with devices: ${listed(found.map(({ name }) => name))}. A container gets a device only with --device or --privileged.`,
                evidence: serviceEvidence(found),
              },
            ]),
        ...(rules.length === 0
          ? []
          : [
              {
                severity: 'info' as const,
                message: `The machine has device rules of its own: ${listed(rules)}. Containers have no udev.`,
                evidence: bounded(rules.map((name) => ({ path: joinPath('/etc/udev/rules.d', name) }))),
              },
            ]),
      ];
    },
  },
  {
    id: 'raw-sockets',
    severity: 'warning',
    check({ services }) {
      const found = runningPrograms(services, RAW_SOCKETS);
      const asking = services.filter(
        ({ enabled, role, capabilities }) =>
          enabled &&
          role === 'application' &&
          capabilities?.some((name) => name === 'CAP_NET_RAW' || name === 'CAP_NET_ADMIN') === true,
      );
      const all = [...new Set([...found, ...asking])];
      if (all.length === 0) return [];
      const message = `Services that may need raw sockets or rule over the network: ${listed(all.map(({ name }) => name))}. Give them NET_RAW or NET_ADMIN if they do.`;
      return [{ message, evidence: serviceEvidence(all) }];
    },
  },
  {
    id: 'time-server',
    severity: 'info',
    check({ services }) {
      const serving = runningPrograms(services, CLOCKS).filter(({ ports }) =>
        ports.some(({ port, address }) => port === 123 && !address.startsWith('127.') && address !== '::1'),
      );
      if (serving.length === 0) return [];
      const message = `${listed(serving.map(({ name }) => name))} sets the clock and serves time: containers have the host's clock, so the host must serve it.`;
      return [{ message, evidence: serviceEvidence(serving), severity: 'warning' as const }];
    },
  },
  {
    id: 'selinux-enforcing',
    severity: 'warning',
    async check({ fs }) {
      const lines = [
        ...(await readLines(fs, '/etc/selinux/config')),
        ...(await readLines(fs, '/etc/sysconfig/selinux')),
      ];
      const line = lines.find(({ text }) => /^SELINUX\s*=\s*enforcing$/i.test(text));
      if (line === undefined) return [];
      const message =
        "SELinux is enforcing. Images hold no labels: in a container the host's policy for containers rules, not the machine's.";
      return [{ message, evidence: [evidenceOf(line)] }];
    },
  },
  {
    id: 'vsyscall-glibc',
    severity: 'warning',
    check({ packages }) {
      const libc = packages?.packages.find(({ name }) => name === 'libc6' || name === 'glibc' || name === 'eglibc');
      const version = /^(?:\d+:)?(\d+)\.(\d+)/.exec(libc?.version ?? '');
      // 2.14 brought time(), 2.15 the rest through the vDSO (glibc NEWS); before, static programs and libc call vsyscalls.
      if (libc === undefined || version === null || Number(version[1]) !== 2 || Number(version[2]) > 14) return [];
      const message = `The C library is ${libc.version}: it calls vsyscalls, which many kernels refuse. Boot the host with vsyscall=emulate.`;
      return [{ message, evidence: [libc.evidence] }];
    },
  },
  {
    id: 'swap',
    severity: 'info',
    async check({ fs }) {
      const lines = (await readLines(fs, '/etc/fstab')).filter(({ text }) => text.split(/\s+/)[2] === 'swap');
      if (lines.length === 0) return [];
      const message =
        'The machine has swap space. In containers memory_swap limits take its place, on the swap of the host.';
      return [{ message, evidence: bounded(lines.map(evidenceOf)) }];
    },
  },
  {
    id: 'desktop',
    severity: 'warning',
    check({ fs, services }) {
      const path = firstExisting(fs, [
        '/usr/bin/Xorg',
        '/usr/lib/xorg/Xorg',
        '/usr/bin/X',
        '/usr/bin/gnome-shell',
        '/usr/bin/plasmashell',
        '/usr/bin/startxfce4',
        '/usr/bin/weston',
      ]);
      const managers = runningPrograms(services, new Set('gdm gdm3 lightdm sddm xdm kdm lxdm Xorg'.split(' ')));
      if (path === undefined && managers.length === 0) return [];
      const message =
        managers.length > 0
          ? 'The machine shows a desktop at boot; a container has no screen.'
          : 'A display server is installed; a container has no screen.';
      const evidence = [...(path === undefined ? [] : [{ path }]), ...serviceEvidence(managers)];
      return [{ message, evidence, ...(managers.length > 0 ? {} : { severity: 'info' as const }) }];
    },
  },
];
