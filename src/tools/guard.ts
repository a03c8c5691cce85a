import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AppError } from '../errors.js';

/**
 * A process that outlives us by a moment: it holds the other end of a pipe, and when the pipe ends – we finished, were
 * interrupted, crashed or were killed – it ends the processes and removes the folders it was told of. It has a session
 * of its own, so that Ctrl-C in the terminal does not take it along.
 */
export interface Guard {
  /** To be in the environment of every server: what has it is ended as well, registered or not yet. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the process, and what it started, when we are gone. */
  register(pid: number): void;
  /** The process has ended as it should: its number may belong to somebody else by now. */
  release(pid: number): void;
  /** Removes the folder, or file, when we are gone. */
  registerFolder(path: string): void;
  /** Has the guard clean up what is still registered, and end. Resolves when it has. Idempotent. */
  close(): Promise<void>;
}

/** How long a process may take to end by itself before it is killed. */
const GRACE_TENTHS = 15;
const MARK_VARIABLE = 'VM2DOCKER_GUARD';

export function startGuard(): Guard {
  const mark = randomBytes(16).toString('hex');
  const child = spawn('/bin/sh', ['-c', GUARD_SCRIPT, 'vm2docker-guard', mark], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
  });
  const pipe = child.stdin;
  let failed = false;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => {
      failed = true;
      resolve();
    });
  });
  // Whoever holds a Guard must not be kept alive by it; the end of the pipe is all it waits for.
  pipe.on('error', () => {
    failed = true;
  });
  child.unref();
  (pipe as unknown as { unref?: () => void }).unref?.();

  const tell = (line: string): void => {
    if (failed || child.pid === undefined) throw guardFailed();
    pipe.write(`${line}\n`);
  };
  return {
    environment: { [MARK_VARIABLE]: mark },
    register(pid) {
      const born = startTime(pid);
      if (born !== undefined) tell(`pid ${pid} ${born}`);
    },
    release(pid) {
      if (!failed) tell(`gone ${pid}`);
    },
    registerFolder(path) {
      if (!path.startsWith('/') || path.length < 2 || /[\n\0]/.test(path)) throw guardFailed();
      tell(`folder ${path}`);
    },
    async close() {
      pipe.end();
      child.ref();
      await ended;
    },
  };
}

/** Clock ticks after boot at which a process began (proc(5), stat, field 22): tells it from a later one of its number. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function guardFailed(): AppError {
  return new AppError('internal', 'The guard process that cleans up after a crash could not be used', {
    todo: 'See that /bin/sh works, and report this.',
  });
}

/**
 * POSIX sh, small enough to be read in one sitting. `$pids` holds words `PID:START`. Text of the guest never comes
 * here; folders are names that mkdtemp made.
 */
const GUARD_SCRIPT = `
trap '' HUP INT TERM QUIT
pids= ; folders=
newline='
'
born() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
is_same() { [ -n "$2" ] && [ "$(born "$1")" = "$2" ]; }
descendants() {
  for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
    echo "$child:$(born "$child")"
    descendants "$child"
  done
}
while read -r verb first rest; do
  case $verb in
    pid) pids="$pids $first:$rest" ;;
    gone) kept=
      for item in $pids; do [ "\${item%%:*}" = "$first" ] || kept="$kept $item"; done
      pids=$kept ;;
    folder) folders="$folders$first\${rest:+ $rest}$newline" ;;
  esac
done
all=
for environment in $(grep -slF "${MARK_VARIABLE}=$1" /proc/[0-9]*/environ); do
  pid=\${environment#/proc/} pid=\${pid%/environ}
  all="$all $pid:$(born "$pid")"
done
for item in $pids; do
  is_same "\${item%%:*}" "\${item##*:}" && all="$all $item $(descendants "\${item%%:*}")"
done
alive() {
  for item in $all; do
    is_same "\${item%%:*}" "\${item##*:}" && case $(sed 's/.*) //' "/proc/\${item%%:*}/stat" 2>/dev/null) in Z*) ;; *) return 0 ;; esac
  done
  return 1
}
for item in $all; do is_same "\${item%%:*}" "\${item##*:}" && kill -TERM "\${item%%:*}" 2>/dev/null; done
tenths=0
while alive && [ $tenths -lt ${GRACE_TENTHS} ]; do sleep 0.1; tenths=$((tenths + 1)); done
for item in $all; do is_same "\${item%%:*}" "\${item##*:}" && kill -KILL "\${item%%:*}" 2>/dev/null; done
IFS=$newline
set -f
for folder in $folders; do rm -rf -- "$folder"; done
exit 0
`;
