import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** What a booted guest says of itself. */
export interface BootTruth {
  /** Names of active systemd units by type; empty for other init systems. */
  readonly services: readonly string[];
  readonly sockets: readonly string[];
  readonly timers: readonly string[];
  readonly failed: readonly string[];
  readonly listening: readonly Listening[];
  /** Of its interfaces. */
  readonly addresses: readonly string[];
  /** `ps axww`: arguments of processes outside of the kernel. */
  readonly processes: readonly string[];
  /** Lines of `/probe.d/ask`, where the disk has one (`ask-ports.sh`). */
  readonly answers: readonly string[];
  readonly console: string;
}

export interface Listening {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** Program, where the kernel knows it. */
  readonly program: string | null;
}

export interface BootOptions {
  readonly disk: string;
  /** Where its root is: the whole disk, or a partition of it. */
  readonly rootDevice?: '/dev/vda' | '/dev/vda1';
  readonly timeoutMs?: number;
}

/**
 * Started by the kernel in place of init: leaves a questioner behind and becomes the real init, whichever it is. So any
 * init system can be asked, without an account or a getty. The questioner waits until the processes stay the same.
 */
function probeScript(settle: number): string {
  return `#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc 2>/dev/null
for module in ${DIAGNOSTIC_MODULES.join(' ')}; do insmod /probe.d/$module.ko; done
ip link set eth0 up && ip address add 10.0.2.15/24 dev eth0
(
  exec </dev/null >/dev/null 2>&1
  sleep 12
  old= same=0 rounds=0
  while [ $same -lt ${settle} ] && [ $rounds -lt 90 ]; do
    sleep 2
    new=$(ps -eo pid,args --no-headers | grep -v -e '\\[' -e 'ps -eo' -e 'sleep' | cksum)
    if [ "$new" = "$old" ]; then same=$((same + 2)); else same=0; old=$new; fi
    # A boot that waits looks settled.
    if [ -d /run/systemd/system ] && systemctl list-jobs --no-legend 2>/dev/null | grep -q .; then same=0; fi
    rounds=$((rounds + 1))
  done
  # Opened late: a getty hangs up whoever holds its terminal.
  exec >/dev/ttyS0
  echo; echo '=====BEGIN====='
  if [ -d /run/systemd/system ]; then
    echo '=====UNITS====='; systemctl list-units --plain --no-legend --full --type=service,socket,timer --state=active
    echo '=====FAILED====='; systemctl list-units --plain --no-legend --full --state=failed
    echo '=====WHY====='; systemctl list-units --plain --no-legend --full --state=failed,activating | while read -r unit rest; do systemctl status --no-pager --full --lines=5 "$unit"; done
  fi
  echo '=====ADDRESSES====='; ip -color=never -o address show
  echo '=====LISTEN====='; ss -Hlntup
  echo '=====PROCESSES====='; ps axwwo pid,ppid,args --no-headers
  if [ -e /probe.d/ask ]; then
    echo '=====ANSWERS====='
    # Some servers answer strangers otherwise than their own machine: asked by one, too, where they listen on the card.
    insmod /probe.d/veth.ko
    ip netns add stranger && ip link add door type veth peer name door netns stranger
    ip address add 192.0.2.1/24 dev door && ip link set door up
    ip netns exec stranger ip address add 192.0.2.2/24 dev door
    ip netns exec stranger ip link set door up && ip netns exec stranger ip route add 10.0.2.15/32 via 192.0.2.1
    outside() { sed -E 's/^\\S+ +\\S+ +\\S+ +(\\S+):([0-9]+) .*/\\1 \\2/; s/%[^ ]*//' | grep -vE '^(127\\.|192\\.0\\.2\\.|\\[::1\\]|\\[fe80)' | sed -E 's/.* /10.0.2.15:/' | sort -u; }
    # Datagrams to high ports are what clients wait for.
    places() { sed -E 's/^\\S+ +\\S+ +\\S+ +(\\S+):([0-9]+) .*/\\1 \\2/; s/%[^ ]*//; s/^(\\*|0\\.0\\.0\\.0|\\[::\\]) /127.0.0.1 /; s/^\\[(.*)\\]/\\1/; s/ /:/' | sort -u; }
    bash /probe.d/ask 10 $(ss -Hlnt | places) $(ss -Hlnu | places | grep -vE ':(3[2-9]|[456])[0-9]{3}$' | sed 's/^/udp\\//')
    ip netns exec stranger bash /probe.d/ask 10 $(ss -Hlnt | outside) $(ss -Hlnu | outside | grep -vE ':(3[2-9]|[456])[0-9]{3}$' | sed 's/^/udp\\//') | sed 's/^/outside:/'
  fi
  echo '=====END====='
) &
exec /sbin/init
`;
}

/** Without them `ss` reads /proc, which does not tell IPv6 alone from both families. In the order of their needs. */
const DIAGNOSTIC_MODULES = ['inet_diag', 'tcp_diag', 'udp_diag'];
/** Of a link between the guest and a network namespace in it. */
const LINK_MODULE = 'drivers/net/veth.ko';

/** Puts the questioner into the root folder of a guest, which `bootGuest` starts from a disk made of it. */
export async function installProbe(root: string, settle: number): Promise<void> {
  const { kernel } = await findKernel();
  const modules = join('/lib/modules', basename(kernel).replace('vmlinuz-', ''), 'kernel');
  await mkdir(join(root, 'probe.d'), { recursive: true });
  for (const name of DIAGNOSTIC_MODULES)
    await copyFile(join(modules, `net/ipv4/${name}.ko`), join(root, 'probe.d', `${name}.ko`));
  await copyFile(join(modules, LINK_MODULE), join(root, 'probe.d', basename(LINK_MODULE)));
  await writeFile(join(root, 'probe'), probeScript(settle));
  await chmod(join(root, 'probe'), 0o755);
}

/**
 * Boots a disk made by `makeDisk` under emulation and asks it what runs. Needs the host's kernel. It has a network card
 * with an address, because programs that listen on each address of a machine look local on one that has none but `lo`;
 * nothing answers on that network.
 */
export async function bootGuest(options: BootOptions): Promise<BootTruth> {
  const { kernel, initrd } = await findKernel();
  const settings = ['-accel', 'tcg,thread=multi', '-smp', '2', '-m', '1536', '-display', 'none', '-monitor', 'none'];
  const rest = ['-serial', 'stdio', '-nic', 'user,model=virtio-net-pci,restrict=on', '-no-reboot'];
  const drive = `file=${options.disk},format=raw,if=virtio,snapshot=on`;
  // Without its check, an emulated timer that comes late on a busy host does not end the boot.
  const append = `root=${options.rootDevice ?? '/dev/vda'} rw quiet no_timer_check net.ifnames=0 init=/probe`;
  const args = [...settings, ...rest, '-drive', drive, '-kernel', kernel, '-initrd', initrd, '-append', append];
  const text = await runConsole('qemu-system-x86_64', args, options.timeoutMs ?? 420_000);
  return parseTruth(text);
}

/** The newest kernel of the host whose image and initrd can be read; `findKernel` throws with advice otherwise. */
export async function findKernel(folder = '/boot'): Promise<{ kernel: string; initrd: string }> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('vmlinuz-')).sort();
  for (const name of names.reverse()) {
    const initrd = `${folder}/initrd.img-${name.slice('vmlinuz-'.length)}`;
    if (existsSync(initrd)) return { kernel: `${folder}/${name}`, initrd };
  }
  throw new Error(`no kernel with an initrd in ${folder}: apt-get install linux-image-cloud-amd64`);
}

function runConsole(program: string, args: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const end = (): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => {
      end();
      reject(
        new Error(
          `the guest did not answer within ${timeoutMs / 1000} s; its console ended with:\n${text.slice(-3000)}`,
        ),
      );
    }, timeoutMs);
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString('latin1');
      if (text.includes('=====END=====')) {
        end();
        resolve(text);
      }
    });
    child.stderr.on('data', (data: Buffer) => {
      text += data.toString('latin1');
    });
    child.on('error', reject);
    child.on('exit', () => {
      clearTimeout(timer);
      if (!text.includes('=====END=====')) reject(new Error(`${program} ended early:\n${text.slice(-3000)}`));
    });
  });
}

/** Reads the answers of `probeScript` out of what the console showed. */
export function parseTruth(console: string): BootTruth {
  const answers = console.slice(console.indexOf('=====BEGIN====='));
  const units = sectionOf(answers, 'UNITS').map((line) => line.split(/\s+/)[0]!);
  const addresses = sectionOf(answers, 'ADDRESSES').flatMap((line) => /\binet6? (\S+)\//.exec(line)?.[1] ?? []);
  const ofType = (type: string): string[] => units.filter((name) => name.endsWith(`.${type}`));
  return {
    services: ofType('service'),
    sockets: ofType('socket'),
    timers: ofType('timer'),
    failed: sectionOf(answers, 'FAILED').map((line) => line.replace(/^\W+/, '').split(/\s+/)[0]!),
    listening: nameWildcards(sectionOf(answers, 'LISTEN').flatMap(parseListening), addresses),
    addresses,
    processes: sectionOf(answers, 'PROCESSES')
      .map((line) => line.trim().replace(/^[0-9]+\s+[0-9]+\s+/, ''))
      .filter((line) => !/^\[.*\]$/.test(line) && !/\/probe|^ps ax/.test(line)),
    answers: sectionOf(answers, 'ANSWERS'),
    console,
  };
}

function sectionOf(text: string, name: string): string[] {
  const marker = `=====${name}=====`;
  const start = text.indexOf(marker);
  if (start < 0) return [];
  const end = text.indexOf('=====', start + marker.length);
  return text
    .slice(start + marker.length, end < 0 ? undefined : end)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** One line of `ss -Hlntup`. */
function parseListening(line: string): Listening[] {
  const match = /^(tcp|udp)\s+\S+\s+[0-9]+\s+[0-9]+\s+(\S+):([0-9]+)\s+\S+(?:\s+users:\(\("([^"]*)")?/.exec(line);
  if (match === null) return [];
  const address = match[2]!.replace(/%.*$/, '').replace(/^\[(.*)\]$/, '$1');
  return [{ protocol: match[1] as 'tcp' | 'udp', address, port: Number(match[3]), program: match[4] ?? null }];
}

/** Sockets on every address that the machine has in a family are one on all of them, however the program opened it. */
export function nameWildcards<
  Socket extends { readonly protocol: string; readonly address: string; readonly port: number },
>(listening: readonly Socket[], addresses: readonly string[]): Socket[] {
  const isOwn = ({ address }: Socket): boolean => addresses.includes(address);
  return listening.map((socket) => {
    if (!isOwn(socket)) return socket;
    const isSixth = socket.address.includes(':');
    const bound = listening.filter(({ protocol, port }) => protocol === socket.protocol && port === socket.port);
    const family = addresses.filter((address) => address.includes(':') === isSixth);
    const onAll = family.length > 1 && family.every((own) => bound.some(({ address }) => address === own));
    return onAll ? { ...socket, address: isSixth ? '::' : '0.0.0.0' } : socket;
  });
}
