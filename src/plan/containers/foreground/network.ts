import { type ForegroundRow, folder } from './row.js';

/** Names, mail, files, access, telephony. */
export const NETWORK_ROWS: readonly ForegroundRow[] = [
  { programs: ['named'], first: ['-f'], folders: [folder('/run/named', 'bind', 'bind', 0o775)] },
  { programs: ['unbound'], first: ['-d'] },
  { programs: ['dnsmasq'], first: ['-k'], folders: [folder('/run/dnsmasq', 'dnsmasq', 'nogroup')] },
  {
    programs: ['pdns_server', 'pdns_recursor'],
    dropWithValue: ['--daemon', '--guardian'],
    drop: ['--daemon', '--guardian'],
    last: ['--daemon=no'],
  },
  { programs: ['nsd'], first: ['-d'] },
  { programs: ['knotd', 'kresd'], drop: ['-d', '--daemonize'] },
  { programs: ['dhcpd'], first: ['-f'] },
  { programs: ['radvd'], first: ['-n'] },
  { programs: ['openvpn'], form: openvpn },
  {
    programs: ['wg', 'wg-quick'],
    refused: 'the kernel is the end of its tunnels: set them up where the containers run',
  },
  { programs: ['ipsec'], last: ['--nofork'] },
  { data: ['/var/spool/postfix', '/var/mail'], programs: ['postfix', 'postmulti'], form: postfix },
  { programs: ['master'], drop: ['-w'], last: ['-d'] },
  { data: ['/var/mail'], programs: ['dovecot'], first: ['-F'] },
  {
    data: ['/var/spool/exim4', '/var/spool/exim', '/var/mail'],
    programs: ['exim', 'exim4'],
    replace: { '-bd': '-bdf' },
  },
  { programs: ['sendmail', 'sendmail-mta'], replace: { '-bd': '-bD' } },
  { programs: ['opendkim', 'opendmarc'], first: ['-f'] },
  { programs: ['amavisd', 'amavisd-new'], last: ['foreground'], drop: ['start'] },
  { programs: ['spamd'], drop: ['-d', '--daemonize'] },
  { programs: ['clamd'], first: ['--foreground'] },
  { programs: ['freshclam'], drop: ['-d', '--daemon'], last: ['-d', '--foreground'] },
  { programs: ['saslauthd'], first: ['-d'], folders: [folder('/run/saslauthd', 'root', 'sasl', 0o710)] },
  { programs: ['postgrey'], drop: ['-d', '--daemonize'] },
  { programs: ['sshd'], first: ['-D'], folders: [folder('/run/sshd')] },
  { programs: ['dropbear'], first: ['-F'] },
  { programs: ['vsftpd'], form: vsftpd, folders: [folder('/run/vsftpd/empty')] },
  { programs: ['proftpd'], first: ['--nodaemon'], folders: [folder('/run/proftpd')] },
  { programs: ['pure-ftpd'], drop: ['-B', '--daemonize'] },
  {
    programs: ['smbd', 'nmbd', 'winbindd', 'samba'],
    drop: ['-D', '--daemon'],
    first: ['-F'],
    folders: [folder('/run/samba')],
  },
  { programs: ['rsync'], form: rsync },
  { programs: ['in.tftpd', 'tftpd'], drop: ['-l', '--listen'], first: ['--foreground'] },
  { programs: ['atftpd'], last: ['--no-fork'] },
  { programs: ['radiusd', 'freeradius'], first: ['-f'], folders: [folder('/run/freeradius', 'freerad')] },
  { programs: ['asterisk'], first: ['-f'], folders: [folder('/run/asterisk', 'asterisk')] },
  { programs: ['freeswitch'], drop: ['-nc', '-ncwait'], last: ['-nf'] },
  { programs: ['kamailio'], first: ['-DD'], folders: [folder('/run/kamailio', 'kamailio')] },
  { programs: ['opensips'], first: ['-F'] },
  { programs: ['turnserver'], drop: ['-o', '--daemon'] },
  { programs: ['murmurd', 'mumble-server'], first: ['-fg'] },
  { programs: ['prosodyctl'], form: prosody, folders: [folder('/run/prosody', 'prosody')], user: 'prosody' },
  { programs: ['ejabberdctl'], replace: { start: 'foreground' } },
  { programs: ['inspircd'], last: ['--nofork'] },
  { programs: ['ngircd'], first: ['-n'], folders: [folder('/run/ngircd', 'irc')] },
  { programs: ['unrealircd'], first: ['-F'] },
  { programs: ['tor'], dropWithValue: ['--RunAsDaemon'], last: ['--RunAsDaemon', '0'] },
  { programs: ['hostapd'], drop: ['-B'] },
];

/** `--daemon` has an optional value. */
function openvpn(command: readonly string[]): readonly string[] {
  const at = command.indexOf('--daemon');
  if (at === -1) return command;
  const hasValue = command[at + 1] !== undefined && !command[at + 1]!.startsWith('--');
  return command.filter((_, index) => index !== at && !(hasValue && index === at + 1));
}

/** As a client it does its work and ends. */
function rsync(command: readonly string[]): readonly string[] {
  return !command.includes('--daemon') || command.includes('--no-detach') ? command : [...command, '--no-detach'];
}

/** postfix(1): `start-fg` since 3.3; postmulti(1) `-i - -p start` is the first instance. */
function postfix(command: readonly string[]): readonly string[] | null {
  if (command.at(-1) !== 'start') return null;
  const program = command[0]!;
  if (!program.endsWith('postmulti')) return [...command.slice(0, -1), 'start-fg'];
  const instance = command[command.indexOf('-i') + 1];
  const postfixProgram = `${program.slice(0, -'postmulti'.length)}postfix`;
  if (instance === '-') return [postfixProgram, 'start-fg'];
  return instance !== undefined && /^postfix[\w.-]{0,60}$/.test(instance)
    ? [postfixProgram, '-c', `/etc/${instance}`, 'start-fg']
    : null;
}

/** Options of the command line come after the file, or they are overruled by it. */
function vsftpd(command: readonly string[]): readonly string[] {
  const hasFile = command.slice(1).some((word) => !word.startsWith('-'));
  return [...command, ...(hasFile ? [] : ['/etc/vsftpd.conf']), '-obackground=NO'];
}

function prosody(command: readonly string[]): readonly string[] | null {
  const program = command[0]!;
  return command.at(-1) === 'start' ? [`${program.slice(0, -'prosodyctl'.length)}prosody`, '-F'] : null;
}
