import { baseName } from '../../../model/path.js';
import { findProgram } from '../systemd/exec.js';
import { launcherOf, startedBy } from './launchers.js';
import {
  type Launch,
  type Outcome,
  type ScriptRun,
  type ScriptState,
  SUCCESS,
  UNKNOWN,
  type Value,
} from './machine.js';

/** Records a program that would be started. `exec` of a program ends the script; `exec` with redirections alone does not. */
export function launch(
  words: readonly Value[],
  state: ScriptState,
  run: ScriptRun,
  line: number,
  background: boolean,
): Outcome {
  const name = words[0]!;
  const isExec = name === 'exec';
  if (isExec && words.length === 1) return SUCCESS;
  const known = trailingUnknown(words);
  const started = launcherOf(name) === null ? null : startedBy(name, known);
  if (started === null && launcherOf(name) !== null) return UNKNOWN;
  if (started === null && !PREPARATIONS.has(baseName(`/${name}`))) run.actions += 1;
  const command = started?.command ?? [name, ...known];
  if (started !== null && isEveryday(command[0]!) && !started.isDaemon && !isExec) return UNKNOWN;
  if (started === null && !background && isEveryday(name)) return UNKNOWN;
  const kind: Launch['kind'] = started?.isDaemon ? 'daemon' : isExec ? 'exec' : background ? 'background' : 'command';
  run.budget.launches -= 1;
  if (run.budget.launches >= 0) {
    run.launches.push({
      kind,
      command: [findProgram(run.context.fs, command[0]!), ...command.slice(1)],
      user: started?.user ?? null,
      group: started?.group ?? null,
      workingDirectory: started?.workingDirectory ?? state.workingDirectory,
      foreground: background || isExec || (started?.foreground ?? false),
      certain: run.undecided === 0,
      path: run.path,
      line,
    });
  }
  if (isExec) return { status: null, flow: 'exit' };
  return started?.isDaemon ? SUCCESS : UNKNOWN;
}

/**
 * Arguments of which nothing is known are left out; one that is the value of a launcher's own option is empty instead, or
 * the next word would be taken for it.
 */
function trailingUnknown(words: readonly Value[]): string[] {
  const dashes = words.indexOf('--');
  const separator = launcherOf(words[0]!) === null ? 0 : dashes < 0 ? words.length : dashes;
  return words
    .map((word, index) => (word === null && index < separator && words[index - 1]?.startsWith('-') ? '' : word))
    .slice(1)
    .filter((word): word is string => word !== null);
}

/** What scripts do before they start anything: a script that did only this and ended has started nothing. */
const PREPARATIONS = wordSet(`
  awk basename cat chgrp chmod chown cp cut date dirname echo egrep expr fgrep find getent grep head id install ln logger ls
  mkdir mkfifo mktemp mv printf ps pwd readlink restorecon rm rmdir sed seq setfacl sleep sort stat tail test touch tr tty
  uname uniq which wc type
  log_daemon_msg log_end_msg log_progress_msg log_action_msg log_action_begin_msg log_action_cont_msg log_action_end_msg
  log_failure_msg log_success_msg log_warning_msg log_begin_msg log_use_fancy_output log_msg init_is_upstart
  success failure passed warning action echo_success echo_failure echo_passed echo_warning strstr confirm
  ebegin eend einfo einfon ewarn eerror ewend vebegin veend veinfo checkpath
  rc_reset rc_status rc_exit rc_failed rc_check
`);

/** Everyday commands and functions of the init systems' libraries that do something, but are never a service. */
const EVERYDAY = wordSet(`
  alias bash blkid bootlogd chattr chcon chkconfig chrt dash dd depmod df dmesg du flock fsck groupadd gunzip gzip hash
  hostname hwclock ifconfig initctl insmod invoke-rc.d ip ip6tables iptables loadkeys md5sum mknod modprobe mount mountpoint
  newgrp nproc od rmmod route semanage service setfont sh start status stop stop-daemon stty sv svstat swapoff swapon sync
  sysctl systemctl systemd-notify systemd-tmpfiles tar tee times tput true udevadm umount unalias update-rc.d useradd
  usleep xargs zcat emit after before get_options keyword mark_service_inactive mark_service_starting need provide
  save_options service_get_value service_set_value use
`);

function isEveryday(name: string): boolean {
  const base = baseName(`/${name}`);
  return PREPARATIONS.has(base) || EVERYDAY.has(base);
}

function wordSet(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
