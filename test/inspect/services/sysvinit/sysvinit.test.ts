// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the braces are those of the shell
import test from 'ava';
import { parseHeader } from '../../../../src/inspect/services/sysvinit/header.js';
import { codes, enabledNames, executable, inspect, link, type Nodes, service } from '../helpers/inspect.js';

const MACHINE: Nodes = {
  '/sbin/init': executable(),
  '/etc/inittab':
    'id:2:initdefault:\nsi::sysinit:/etc/init.d/rcS\nl2:2:wait:/etc/init.d/rc 2\n1:2345:respawn:/sbin/getty 38400 tty1\n',
  '/sbin/getty': executable(),
  '/usr/sbin/app': executable(),
};

function script(text: string, extra: Nodes = {}): Nodes {
  return {
    ...MACHINE,
    '/etc/init.d/app': executable(`#!/bin/sh\n${text}`),
    '/etc/rc2.d/S20app': link('../init.d/app'),
    ...extra,
  };
}

/** The command behind an init script, and the user it runs as. */
const infers = test.macro(
  async (t, text: string, command: readonly string[], user: string = 'root', extra: Nodes = {}) => {
    const app = service(await inspect(script(text, extra)), 'app')!;
    t.deepEqual(app.command, command);
    t.is(app.user, user);
    t.true(app.enabled);
    t.true(app.inferred);
  },
);

test(
  'start-stop-daemon: its output is kept, and its pid file is not known (Debian’s slapd)',
  infers,
  'PIDFILE=`sed -ne "s/^pidfile //p" /etc/app.conf`\nif [ -z "$PIDFILE" ]; then\n exit 1\nfi\nrun() {\n reason="`start-stop-daemon --start --quiet \\\n  --pidfile "$PIDFILE" --exec /usr/sbin/app -- -h "$HOSTS" 2>&1`"\n}\nHOSTS="a:/ b:/"\ncase "$1" in start) run ;; esac\n',
  ['/usr/sbin/app', '-h', 'a:/ b:/'],
);
test(
  'start-stop-daemon: --exec and what stands behind --',
  infers,
  'DAEMON=/usr/sbin/app\nOPTS="-a -b"\ncase "$1" in\n start) start-stop-daemon --start --quiet --pidfile /run/app.pid --exec $DAEMON -- $OPTS ;;\n stop) start-stop-daemon --stop --exec /usr/sbin/other ;;\nesac\n',
  ['/usr/sbin/app', '-a', '-b'],
);
test(
  'start-stop-daemon: short options and another user',
  infers,
  'start-stop-daemon -S -b -m -p/run/x -c www:web -x /usr/sbin/app -- -x\n',
  ['/usr/sbin/app', '-x'],
  'www',
);
test(
  'start-stop-daemon: --startas wins over --exec',
  infers,
  'start-stop-daemon --start --exec /usr/bin/python3 --startas /usr/sbin/app\n',
  ['/usr/sbin/app'],
);
test(
  'start-stop-daemon: --test starts nothing',
  infers,
  'start() {\nstart-stop-daemon --start --test --exec /usr/sbin/other >/dev/null || return 1\nstart-stop-daemon --start --exec /usr/sbin/app\n}\ncase $1 in start) start;; esac\n',
  ['/usr/sbin/app'],
);
test(
  'start-stop-daemon: --test starts nothing, whatever the pid file is called',
  infers,
  'P="$(pidfile)"\nstart() {\nstart-stop-daemon --start --pidfile "$P" --exec /usr/sbin/app --test >/dev/null || return 1\nstart-stop-daemon --start -p "$P" --exec /usr/sbin/app -- --ini "$(conf)"\n}\ncase $1 in start) start;; esac\n',
  ['/usr/sbin/app', '--ini'],
);
test(
  'a wrapper whose own argument nobody knows still starts its program',
  infers,
  'nice -n "$(level)" /usr/sbin/app -x &\n',
  ['/usr/sbin/app', '-x'],
);
test(
  "Red Hat's daemon function",
  infers,
  '. /etc/rc.d/init.d/functions\n. /etc/sysconfig/app\nprog=app\nstart() { echo -n "Starting $prog"; daemon --user=www --pidfile /run/p +5 /usr/sbin/$prog $OPTIONS; }\ncase "$1" in start) start ;; esac\n',
  ['/usr/sbin/app', '-v'],
  'www',
  { '/etc/sysconfig/app': 'OPTIONS=-v\n' },
);
test(
  'su with a command line',
  infers,
  'su - www -c "/usr/sbin/app --dir \'/srv/a b\' >/dev/null 2>&1 &"\n',
  ['/usr/sbin/app', '--dir', '/srv/a b'],
  'www',
);
test('runuser with a user option', infers, 'runuser -u www -- /usr/sbin/app -x &\n', ['/usr/sbin/app', '-x'], 'www');
test(
  'a function that asks whether the program runs already, and may answer either way, does not hide its start',
  infers,
  'running() {\nif [ -f "$(pidfile)" ] && ps "$(cat x)"; then\nreturn 0\nelse\nreturn 1\nfi\n}\ncase "$1" in start) if running; then echo already; else /usr/sbin/app "${@:2}" > /dev/null 2>&1 & fi ;; esac\n',
  ['/usr/sbin/app'],
);
test('nohup in the background', infers, 'cd /srv\nnohup nice -n 5 /usr/sbin/app -x > /var/log/x 2>&1 &\n', [
  '/usr/sbin/app',
  '-x',
]);
test(
  'a default from /etc/default, found by the script',
  infers,
  '[ -r /etc/default/app ] && . /etc/default/app\nstart-stop-daemon --start --exec ${DAEMON:-/usr/sbin/other} -- ${PORT:+-p $PORT}\n',
  ['/usr/sbin/app', '-p', '80'],
  'root',
  { '/etc/default/app': 'DAEMON=/usr/sbin/app\nPORT=80\n' },
);
test(
  'functions, loops and command substitution are followed',
  infers,
  'NAME=$(basename /x/app.sh .sh)\nfor f in one; do ARGS="$ARGS --$f"; done\ndo_start() { start-stop-daemon --start --exec /usr/sbin/$1 -- $ARGS; }\ncase "${1:-start}" in *start*) do_start "$NAME";; esac\n',
  ['/usr/sbin/app', '--one'],
);
test("Debian's init-d-script with variables alone", infers, '', ['/usr/sbin/app', '-q'], 'root', {
  '/etc/init.d/app': executable('#!/usr/bin/env /lib/init/init-d-script\nNAME=app\nDAEMON=/usr/sbin/$NAME\n'),
  '/etc/default/app': 'DAEMON_ARGS="-q"\n',
});
test(
  'a running daemon is not what a booting machine has',
  infers,
  'if pidofproc -p /run/app.pid /usr/sbin/app >/dev/null; then exit 0; fi\n[ -e /run/app.pid ] && exit 0\nstart-stop-daemon --start --exec /usr/sbin/app\n',
  ['/usr/sbin/app'],
);

const startsNothing = test.macro(async (t, text: string, extra: Nodes, code: string) => {
  const found = await inspect(script(text, extra));
  t.false(service(found, 'app')!.enabled);
  t.deepEqual(codes(found), [code]);
});
test(
  'a script switched off in /etc/default starts nothing, and says where',
  startsNothing,
  'ENABLED=0\n. /etc/default/app\n[ "$ENABLED" = 1 ] || exit 0\nstart-stop-daemon --start --exec /usr/sbin/app\n',
  { '/etc/default/app': 'ENABLED=0\n' },
  'service-starts-nothing',
);
test(
  'a script whose package is removed starts nothing',
  startsNothing,
  'DAEMON=/usr/sbin/gone\ntest -x $DAEMON || exit 0\nstart-stop-daemon --start --exec $DAEMON\n',
  {},
  'service-starts-nothing',
);
test(
  'a program that is gone is not started',
  startsNothing,
  'start-stop-daemon --start --exec /usr/sbin/gone\n',
  {},
  'program-missing',
);

test('a script that starts no program is given as it is, with a problem when it is an application', async (t) => {
  const found = await inspect(script('PIDFILE=/run/app.pid\neval "$(cat /proc/x)"\n'));
  t.like(service(found, 'app'), { command: ['/etc/init.d/app', 'start'], inferred: false, enabled: true });
  t.deepEqual(codes(found), ['command-not-inferred']);
});

test('only start links of the default run level and of rcS count', async (t) => {
  const other = executable('#!/bin/sh\nstart-stop-daemon --start --exec /usr/sbin/app\n');
  const found = await inspect({
    ...MACHINE,
    '/etc/init.d/a': other,
    '/etc/init.d/b': other,
    '/etc/init.d/c': other,
    '/etc/init.d/d': other,
    '/etc/rc2.d/S01a': link('../init.d/a'),
    '/etc/rc3.d/S01b': link('../init.d/b'),
    '/etc/rcS.d/S01c': link('../init.d/c'),
    '/etc/rc2.d/K01d': link('../init.d/d'),
  });
  t.deepEqual(enabledNames(found), ['a', 'c', 'inittab:1']);
});

test('a number on the kernel command line is the run level', async (t) => {
  const found = await inspect({
    ...MACHINE,
    '/etc/default/grub': 'GRUB_CMDLINE_LINUX="3"\n',
    '/etc/init.d/b': executable('#!/bin/sh\nstart-stop-daemon --start --exec /usr/sbin/app\n'),
    '/etc/rc3.d/S01b': link('../init.d/b'),
  });
  t.true(enabledNames(found).includes('b'));
});

test('what inittab keeps running is a service named after its id', async (t) => {
  const found = await inspect({
    ...MACHINE,
    '/etc/inittab': `${MACHINE['/etc/inittab']}ap:23:respawn:/usr/sbin/app -f\noff:5:respawn:/usr/sbin/app -5\nca:12345:ctrlaltdel:/sbin/shutdown -r now\n`,
  });
  t.like(service(found, 'inittab:ap'), {
    enabled: true,
    command: ['/usr/sbin/app', '-f'],
    restart: 'always',
    role: 'application',
    evidence: [{ path: '/etc/inittab', line: 5 }],
  });
  t.false(service(found, 'inittab:off')!.enabled);
  t.is(service(found, 'inittab:ca'), undefined);
  t.is(service(found, 'inittab:1')!.role, 'system');
});

test('headers of LSB and chkconfig are read', (t) => {
  const header = parseHeader(
    '#!/bin/sh\n# chkconfig: 345 85 15\n# description: old words\n### BEGIN INIT INFO\n# Provides:          a b\n# Required-Start:    $network\n#                    db\n# Default-Start:     2 3\n# Short-Description: words\n### END INIT INFO\n',
  );
  t.deepEqual(header, {
    provides: ['a', 'b'],
    requires: ['$network', 'db'],
    defaultStart: ['2', '3'],
    description: 'words',
    chkconfig: { levels: ['3', '4', '5'], start: 85 },
  });
});
