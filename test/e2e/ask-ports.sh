# Sourced by nobody: `bash ask-ports.sh SECONDS ADDRESS:PORT…` asks each port what its server says, and prints
# `PORT KIND BASE64` lines. Run in the booted machine and in the network of its containers alike, so it needs only bash
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

for place in "$@"; do
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
      page) question='GET / HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n' ;;
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
