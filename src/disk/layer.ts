import type { Problem } from '../model/evidence.js';
import type { BlockNode, DiskFormat } from '../model/machine.js';
import type { ByteSource } from './byte-source.js';
import type { HostFile } from './host-file.js';

/** One image of a chain, checked, with all that lies below it. */
export interface Layer {
  readonly format: DiskFormat;
  readonly subformat?: string;
  /** Bytes the guest sees. */
  readonly virtualSize: number;
  readonly node: BlockNode;
  /** VMDK content identifier: a child names its parent's. */
  readonly contentId?: number;
}

/** What a reader of one format is given: the bytes of the image, and the ways to reach what it refers to. */
export interface LayerContext {
  /** The disk as the user named it, and the name of this very image (the same for the first of a chain). */
  readonly disk: string;
  readonly shown: string;
  readonly source: ByteSource;
  /** The node through which QEMU reads the same bytes. */
  readonly protocolNode: BlockNode;
  /** Opens a file that holds a part of this image (extent, data file). */
  openPart(role: string, text: string): Promise<HostFile>;
  /** Opens the image below this one; `declared` is its format when this image says so. */
  openBelow(role: string, text: string, options: { declared?: string; orBaseName?: boolean }): Promise<Layer>;
  /** A private folder for what QEMU must find in a file; removed when the machine is released. */
  scratchFolder(): Promise<string>;
  report(problem: Problem): void;
  readonly signal?: AbortSignal;
}

/** What opening an image needs beside the image. */
export interface ImageOptions {
  /** Real paths of the folders that the user allows beside the disk's own. */
  readonly allowDirs: readonly string[];
  /** A private folder, made when it is first asked for. */
  scratchFolder(): Promise<string>;
  report(problem: Problem): void;
  readonly signal?: AbortSignal;
  /** Format that a descriptor declares; a raw disk is never taken for anything else. */
  readonly declared?: string;
}

/** The protocol node of a file of the host. */
export function fileNode(realPath: string): BlockNode {
  return { driver: 'file', filename: realPath, 'read-only': true };
}

/** Bytes of tables that one disk may make us read. Far above any real disk; a hostile one stops here. */
const MAX_TABLE_BYTES = 4 * 1024 ** 3;

export interface TableReader {
  /** The bytes, or null when the source ends before them or the budget is spent. */
  read(offset: number, length: number): Promise<Buffer | null>;
  readonly exhausted: boolean;
}

/** Reads tables under a budget, and stops when the run is interrupted. */
export function tableReader(source: ByteSource, signal?: AbortSignal, budget = MAX_TABLE_BYTES): TableReader {
  let left = budget;
  return {
    get exhausted() {
      return left < 0;
    },
    async read(offset, length) {
      signal?.throwIfAborted();
      left -= length;
      if (left < 0) return null;
      const bytes = await source.read(offset, length);
      return bytes.length === length ? bytes : null;
    },
  };
}
