/**
 * What the shell of the appliance is given (`debug sh`): constants, and numbers of ours. No text of the guest is ever part
 * of a command; lists of paths go over as files, in which NUL ends each path. None holds a single quote: see `pipe.ts`.
 *
 * Below /sysroot, which belongs to the appliance, every candidate for the root lies mounted in a folder of its own, so
 * that there is room beside the guest for our pipe and lists.
 */

/** Folder of the root candidate with the given number, as libguestfs' own calls name it. */
export function candidateFolder(index: number): string {
  return `/root${index}`;
}

export const LIST_FILE = '/list';
export const PIPE_FILE = '/pipe';
export const KEYS_FILE = '/keys/list';

/** Every block device with what is on it, one line each, as lsblk(8) `--pairs` quotes it. */
export const LIST_DEVICES =
  'lsblk -p -P -b -o NAME,KNAME,TYPE,SIZE,PTTYPE,FSTYPE,UUID,LABEL,PARTUUID,PARTLABEL,MOUNTPOINT,HCTL';

/** Opens the LUKS device (a kernel name: letters and digits) with the key on the given line of the keys' file. */
export function openLuks(kernelDevice: string, mappedName: string, keyLine: number): string {
  if (!/^\/dev\/[a-z]+-?\d*$/.test(kernelDevice) || !/^[a-z0-9-]+$/.test(mappedName)) {
    throw new Error(`not a name of the kernel: ${kernelDevice}, ${mappedName}`);
  }
  const key = `sed -n ${Math.trunc(keyLine)}p /sysroot${KEYS_FILE} | base64 -d`;
  return `${key} | cryptsetup open --type luks --readonly --key-file - ${kernelDevice} ${mappedName} 2>&1 && udevadm settle`;
}

/** A place in the memory of the appliance for keys: its own files are on an overlay, which is a file of the host. */
export const MAKE_ROOM_FOR_KEYS = 'mkdir -p /sysroot/keys && mount -t tmpfs -o mode=700 keys /sysroot/keys';
export const REMOVE_KEYS = 'umount /sysroot/keys && rmdir /sysroot/keys';

/** Finds what lies on devices that have just been opened. */
export const ACTIVATE_VOLUMES =
  'mdadm -As --auto=yes --run >/dev/null 2>&1; lvm vgchange -aay --sysinit >/dev/null 2>&1; udevadm settle; true';

/** Makes folders for candidates 0…count-1 (more may be there already). */
export function makeCandidateFolders(count: number): string {
  return `cd /sysroot && i=0; while [ $i -lt ${Math.trunc(count)} ]; do mkdir -p root$i; i=$((i+1)); done`;
}

/**
 * Starts the command in the background with its output going to the pipe, which a download then reads. After the output
 * come the exit status on 16 bytes and the end of what the command complained of.
 */
function intoPipe(command: string): string {
  const trailer = `printf STATUS%010d $status; tail -c 100000 errors`;
  return [
    'cd /sysroot || exit 1; rm -f pipe errors; mkfifo -m 600 pipe || exit 1;',
    `( { ${command}; status=$?; ${trailer}; } >pipe 2>errors </dev/null ) >/dev/null 2>&1 </dev/null &`,
    'true',
  ].join(' ');
}

/**
 * What tells whether a candidate is a system: `TYPE_PATH NUL TARGET NUL` for what lies at most two levels deep. `find`
 * does not follow links of the guest, which would lead into the appliance.
 */
export function lookIntoCandidates(): string {
  return intoPipe(
    [
      'find root[0-9]* -maxdepth 2 -printf "%y_%p\\0%l\\0";',
      'find root[0-9]*/[Ww][Ii][Nn]* -mindepth 2 -maxdepth 2 -name ntoskrnl.exe -printf "%y_%p\\0\\0"; true',
    ].join(' '),
  );
}

/**
 * Metadata of everything below the root, see `metadata.ts` for the form; then the numbers of device nodes, which
 * find(1) does not print. Snapshots on btrfs (`isSnapshotPath`) are shown as a folder and not entered; the root of a
 * subvolume has the inode number 256 (find's `-fstype` knows mounts only).
 */
export function listMetadata(index: number): string {
  const folder = `root${Math.trunc(index)}`;
  const print = '-printf "%y_%m_%U_%G_%s_%b_%n_%D_%i_%T@_%p\\0%l\\0"';
  const snapshots =
    '-regextype posix-extended -regex ".*/([.]snapshots/[0-9]+/snapshot|timeshift-btrfs/snapshots/[^/]+/[^/]+)"';
  return intoPipe(
    [
      `find ${folder} ${print} \\( -type b -o -type c \\) -fprintf nodes "%p\\0"`,
      `-o -inum 256 ${snapshots} -prune; result=$?;`,
      'printf "\\0\\0"; xargs -0 -r stat --printf="%t_%T_%n\\0" <nodes; [ $result -eq 0 ]',
    ].join(' '),
  );
}

/**
 * The paths of the list as one tar archive: holes as a map (GNU sparse 1.0), attributes as PAX records, the times that
 * metadata has brought already left out.
 */
export function tarOfList(index: number): string {
  return intoPipe(
    [
      `tar -C root${Math.trunc(index)} --null --no-unquote --no-recursion -P -S --sparse-version=1.0 --xattrs`,
      '--format=posix --pax-option=delete=atime,delete=ctime,delete=mtime --numeric-owner --warning=no-file-ignored',
      `-b 128 -cf - -T /sysroot${LIST_FILE}`,
    ].join(' '),
  );
}
