import type { Evidence } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import type { Hardware } from '../../model/machine.js';
import type { FitFinding } from '../../model/os.js';

/** One question about fitness; a new one is one entry of {@link HARDWARE_RULES}. Metadata alone, no content. */
export interface HardwareRule {
  readonly id: string;
  readonly severity: FitFinding['severity'];
  readonly check: (fs: GuestFs, hardware: Hardware) => { message: string; evidence: Evidence[] }[];
}

/** Programs that talk to a hypervisor: in a container they find none. */
const GUEST_TOOLS: readonly (readonly [name: string, paths: readonly string[]])[] = [
  ['VMware Tools', ['/usr/bin/vmtoolsd', '/usr/sbin/vmware-guestd', '/etc/vmware-tools']],
  ['VirtualBox Guest Additions', ['/usr/sbin/VBoxService', '/opt/VBoxGuestAdditions']],
  ['the QEMU guest agent', ['/usr/sbin/qemu-ga', '/usr/bin/qemu-ga']],
  ['Hyper-V daemons', ['/usr/sbin/hv_kvp_daemon', '/usr/sbin/hypervkvpd']],
  ['Xen tools', ['/usr/sbin/xe-daemon', '/usr/sbin/xe-linux-distribution']],
  ['an agent of Azure', ['/usr/sbin/waagent', '/usr/bin/waagent']],
  ['agents of Google Cloud', ['/usr/bin/google_guest_agent']],
];

export const HARDWARE_RULES: readonly HardwareRule[] = [
  {
    id: 'hypervisor-tools',
    severity: 'info',
    check: (fs) =>
      GUEST_TOOLS.flatMap(([name, paths]) => {
        const path = paths.find((candidate) => fs.exists(candidate));
        return path === undefined
          ? []
          : [{ message: `The machine has ${name}, which a container has no use for.`, evidence: [{ path }] }];
      }),
  },
  {
    id: 'gpu-driver',
    severity: 'warning',
    check: (fs) => {
      const path = ['/usr/bin/nvidia-smi', '/opt/amdgpu', '/dev/nvidia0'].find((candidate) => fs.exists(candidate));
      return path === undefined
        ? []
        : [
            {
              message: 'The machine has a driver for a GPU; a container gets one from its host.',
              evidence: [{ path }],
            },
          ];
    },
  },
  {
    id: 'several-network-cards',
    severity: 'info',
    check: (_fs, { networkCards }) =>
      networkCards === undefined || networkCards < 2
        ? []
        : [
            {
              message: `The machine has ${networkCards} network cards; its containers share one network.`,
              evidence: [],
            },
          ],
  },
];
