import type { Problem } from './evidence.js';

/** A node of QEMU's block graph (blockdev options): each has its driver named, so nothing is probed. */
export interface BlockNode {
  readonly driver: string;
  readonly [option: string]: string | number | boolean | null | BlockNode;
}

export type DiskFormat = 'raw' | 'qcow2' | 'vmdk' | 'vhdx' | 'vdi' | 'vpc';

/** One disk of a machine, checked: every file it refers to is named and allowed, and is as long as it says. */
export interface DiskImage {
  /** As the user or the descriptor wrote it, and its real path on the host. */
  readonly path: string;
  readonly realPath: string;
  readonly format: DiskFormat;
  /** Variant of the format, e.g. `streamOptimized`. */
  readonly subformat?: string;
  /** Bytes the guest sees, and bytes on the host of all files of the chain. */
  readonly virtualSize: number;
  readonly allocatedSize: number;
  /** Every file of the chain (extents, parents, backing files) on the host, real paths, the disk itself first. */
  readonly files: readonly string[];
  /** Descriptors in a private folder that we wrote ourselves; they name only `files`. */
  readonly written?: readonly string[];
  readonly node: BlockNode;
}

export interface Hardware {
  readonly cpus?: number;
  /** Bytes. */
  readonly memory?: number;
  /** What the machine ran on, as systemd's ConditionVirtualization names it. */
  readonly hypervisor?: 'vmware' | 'oracle' | 'kvm' | 'qemu' | 'microsoft' | 'xen';
  readonly networkCards?: number;
}

/** One argument of the command line, understood: the disks (or the root) of one machine. */
export interface MachineSource {
  /** The name the machine is called by, unique in a run, and its form for tags, folders and Compose. */
  readonly name: string;
  readonly slug: string;
  /** The argument as given. */
  readonly argument: string;
  readonly disks: readonly DiskImage[];
  /** Instead of disks: a folder or a tar archive that holds the root file system. */
  readonly root?: { readonly kind: 'folder' | 'tar'; readonly path: string };
  /** The OVA on the host, real path, that the disks come from; they may lie in a temporary folder. */
  readonly archive?: string;
  readonly hardware: Hardware;
  readonly problems: readonly Problem[];
  /** Removes what was unpacked to open the source (an OVA's disks). Idempotent. */
  release(): Promise<void>;
}

/** A file system of the guest; `mountpoint` is null when the guest does not mount it at boot. */
export interface FileSystem {
  readonly device: string;
  readonly type: string;
  readonly uuid?: string;
  readonly label?: string;
  readonly mountpoint: string | null;
  readonly options?: string;
  /** Bytes; null when unknown. */
  readonly size: number | null;
  readonly used: number | null;
}
