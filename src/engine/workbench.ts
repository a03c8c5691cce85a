/** A container on an image, to ask what is in it and what its package manager would do; nothing of it is kept. */
export interface Workbench {
  /**
   * Runs a shell script in it, as root, with the network of the host. What earlier scripts left is there.
   * @throws AppError when the engine cannot run it; the exit status of the script itself is part of the answer.
   */
  run(script: string): Promise<WorkbenchResult>;
  /** Removes the container. Idempotent. */
  close(): Promise<void>;
}

export interface WorkbenchResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WorkbenchRequest {
  readonly reference: string;
  /** Folders or files of the host that it sees, read-only. */
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
}

/** A container that nobody removes because we were killed ends by itself after this. */
export const WORKBENCH_SECONDS = 3600;
