/** Shell text for the `tweaks` of guest recipes: run by root in the guest's root folder. */

/** The disk's file system is found by the label that `makeDisk` gives it. */
export const FSTAB = "echo 'LABEL=root / ext4 defaults 0 1' > etc/fstab\n";
export const LOOPBACK = "printf 'auto lo\\niface lo inet loopback\\n' > etc/network/interfaces\n";
/** A machine that has booted before: no presets are applied. */
export const BOOTED = 'echo 0123456789abcdef0123456789abcdef > etc/machine-id\n';

/** An emulated processor is slower than units expect: no start is given up, as none is on the machine itself. */
export const PATIENT = `mkdir -p etc/systemd/system/service.d
printf '[Service]\\nTimeoutStartSec=30min\\n' > etc/systemd/system/service.d/patient.conf
`;

export const APPLICATION = `
mkdir -p opt/app
printf 'ADDRESS=127.0.0.1\\nOPTIONS="9000"\\n' > opt/app/env
cat > etc/systemd/system/app.service <<'X'
[Unit]
After=network.target
[Service]
EnvironmentFile=/opt/app/env
User=nobody
ExecStart=/usr/bin/ncat --listen --keep-open \\
  \${ADDRESS} $OPTIONS
Restart=always
[Install]
WantedBy=multi-user.target
X
ln -s /etc/systemd/system/app.service etc/systemd/system/multi-user.target.wants/app.service
`;

export const SOCKET = `
cat > etc/systemd/system/echo.socket <<'X'
[Socket]
ListenStream=7777
Accept=yes
[Install]
WantedBy=sockets.target
X
printf '[Service]\\nExecStart=/bin/cat\\nStandardInput=socket\\n' > etc/systemd/system/echo@.service
mkdir -p etc/systemd/system/sockets.target.wants
ln -s /etc/systemd/system/echo.socket etc/systemd/system/sockets.target.wants/echo.socket
`;

export const SUPERVISED = `
cat > etc/supervisor/conf.d/worker.conf <<'X'
[program:worker]
command=/usr/bin/ncat --listen --keep-open 127.0.0.1 9100
user=nobody
X
printf '[inet_http_server]\\nport=127.0.0.1:9001 ; for supervisorctl\\n' > etc/supervisor/conf.d/web.conf
cat > etc/xinetd.d/chat <<'X'
service chat
{
 type = UNLISTED
 port = 5566
 socket_type = stream
 protocol = tcp
 wait = no
 user = nobody
 server = /bin/cat
 disable = no
}
X
`;

/** Modules of the kernel that boots the guest: for tunnels, WireGuard and the NFS server. */
export const MODULES = 'mkdir -p usr/lib/modules; cp -a /lib/modules/*-cloud-amd64 usr/lib/modules/\n';

/** A user's own manager, an instantiated template, a timer, a path, a proxy behind a socket, a drop-in that resets. */
export const OWN_UNITS = `
mkdir -p opt/dash etc/dash
cat > opt/dash/dash <<'X'
#!/usr/bin/python3
import argparse, http.server
arguments = argparse.ArgumentParser()
arguments.add_argument('--config'); arguments.add_argument('--web.listen-address', dest='address', default=':3000')
host, port = arguments.parse_args().address.rsplit(':', 1)
http.server.HTTPServer((host, int(port)), http.server.BaseHTTPRequestHandler).serve_forever()
X
chmod 755 opt/dash/dash
cat > etc/systemd/system/dash.service <<'X'
[Unit]
Description=Dash \\
 boards
[Service]
DynamicUser=yes
Environment="ADDRESS=127.0.0.1:3000" OTHER=1
ExecStart=/opt/dash/dash --config=/etc/dash/dash.ini --web.listen-address=\${ADDRESS}
[Install]
WantedBy=default.target
X
ln -sf /usr/lib/systemd/system/multi-user.target etc/systemd/system/default.target
mkdir -p etc/systemd/system/default.target.wants etc/systemd/system/dash.service.d
ln -s /etc/systemd/system/dash.service etc/systemd/system/default.target.wants/
printf '[Service]\\nEnvironment=ADDRESS=:3001\\n' > etc/systemd/system/dash.service.d/own.conf
cat > etc/systemd/system/files@.service <<'X'
[Service]
DynamicUser=yes
WorkingDirectory=/usr/share
ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 %i
[Install]
WantedBy=multi-user.target
X
ln -s /etc/systemd/system/files@.service etc/systemd/system/multi-user.target.wants/files@9301.service
mkdir -p etc/systemd/system/files@9301.service.wants
ln -s /etc/systemd/system/files@.service etc/systemd/system/files@9301.service.wants/files@9302.service
printf '[Socket]\\nListenStream=0.0.0.0:9303\\nListenDatagram=127.0.0.1:9304\\n[Install]\\nWantedBy=sockets.target\\n' > etc/systemd/system/door.socket
printf '[Unit]\\nRequires=door.socket\\n[Service]\\nExecStart=/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:9301\\n' > etc/systemd/system/door.service
mkdir -p etc/systemd/system/sockets.target.wants
ln -s /etc/systemd/system/door.socket etc/systemd/system/sockets.target.wants/
printf '[Path]\\nPathExists=/etc/dash\\nUnit=seen.service\\n' > etc/systemd/system/seen.path
printf '[Service]\\nExecStart=/usr/bin/python3 -m http.server 9305\\nWorkingDirectory=/usr/share\\n' > etc/systemd/system/seen.service
mkdir -p etc/systemd/system/paths.target.wants
ln -s /etc/systemd/system/seen.path etc/systemd/system/paths.target.wants/
printf '[Timer]\\nOnCalendar=Mon *-*-* 03:00\\n[Install]\\nWantedBy=timers.target\\n' > etc/systemd/system/weekly.timer
printf '[Service]\\nType=oneshot\\nExecStart=/bin/true\\n' > etc/systemd/system/weekly.service
mkdir -p etc/systemd/system/timers.target.wants
ln -s /etc/systemd/system/weekly.timer etc/systemd/system/timers.target.wants/
mkdir -p var/spool/cron/crontabs
echo '*/5 * * * * /bin/true' > var/spool/cron/crontabs/root
chmod 600 var/spool/cron/crontabs/root
`;
