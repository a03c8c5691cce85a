# Sourced by nobody: `bash ask-ports.sh SECONDS [udp/]ADDRESS:PORT…` asks each port what its server says, and prints
# `PORT[/udp] KIND BASE64` lines. Run in the booted machine and in the network of its containers alike, so it needs only bash
# and coreutils. What a server says first is its banner; a silent one is asked for a page, a PING, and a name.
wait=$1
shift

# say HOST PORT QUESTION: the first 4 KiB of the answer
say() {
  { exec 3<>"/dev/tcp/$1/$2"; } 2>/dev/null || return
  [ -z "$3" ] || printf "$3" >&3
  timeout "$wait" cat <&3 2>/dev/null | head -c 4096 | base64 -w0
  exec 3>&-
}

# say_datagram HOST PORT QUESTION: what comes back to one datagram; fails where the kernel says that nobody is there
say_datagram() {
  exec 3<>"/dev/udp/$1/$2" || return
  printf "$3" >&3
  # One datagram is one read, and then the wait is over; cat would wait for more.
  timeout "$wait" dd bs=4096 count=1 status=none <&3 2>/dev/null | base64 -w0
  local status=${PIPESTATUS[0]}
  exec 3>&-
  [ "$status" -eq 0 ] || [ "$status" -eq 124 ]
}

ask_datagram() {
  local question answer kind
  for kind in name snmp version time; do
    case $kind in
      # RFC 1035, 4.1: localhost, A, IN.
      name) question='\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09localhost\x00\x00\x01\x00\x01' ;;
      # RFC 1157, 4.1.2: GetRequest of sysObjectID.0 in the community `public`.
      snmp) question='\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x07\x02\x01\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x02\x00\x05\x00' ;;
      # memcached's protocol.txt, UDP protocol: a frame of one datagram.
      version) question='\x00\x07\x00\x00\x00\x01\x00\x00version\r\n' ;;
      # RFC 5905, 7.3: a client's packet of version 4.
      time) question="\\x23$(printf '\\x00%.0s' {1..47})" ;;
    esac
    answer=$(say_datagram "$1" "$2" "$question") || {
      echo "$2/udp closed"
      return
    }
    if [ -n "$answer" ]; then
      echo "$2/udp $kind $answer"
      return
    fi
  done
  echo "$2/udp silent"
}

for place in "$@"; do
  if [ "${place#udp/}" != "$place" ]; then
    place=${place#udp/}
    ask_datagram "${place%:*}" "${place##*:}"
    continue
  fi
  port=${place##*:}
  host=${place%:*}
  if ! { exec 3<>"/dev/tcp/$host/$port"; } 2>/dev/null; then
    echo "$port closed"
    continue
  fi
  exec 3>&-
  for kind in banner page ping name; do
    case $kind in
      banner) question= ;;
      # Without a Host, at which Redis would close, and perhaps take its answer with it.
      page) question='GET / HTTP/1.0\r\nConnection: close\r\n\r\n' ;;
      ping) question='PING\r\nversion\r\n' ;;
      # A query over TCP (RFC 1035, 4.2.2): localhost, A, IN.
      name) question='\x00\x1b\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09localhost\x00\x00\x01\x00\x01' ;;
    esac
    answer=$(say "$host" "$port" "$question")
    [ -n "$answer" ] && break
  done
  echo "$port $kind $answer"
done

# Databases are asked as their administrators ask them, through their Unix sockets.
for socket in /run/postgresql/.s.PGSQL.*[0-9]; do
  [ -S "$socket" ] || continue
  port=${socket##*.}
  echo "$port sql $(runuser -u postgres -- psql -p "$port" -Atc 'select 40 + 2, version()' 2>&1 | base64 -w0)"
done
if [ -S /run/mysqld/mysqld.sock ]; then
  echo "mysqld sql $(mysql -N -e 'select 40 + 2, version(), count(*) from mysql.user' 2>&1 | base64 -w0)"
fi
