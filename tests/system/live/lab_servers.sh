# shellcheck shell=sh
# The servers of the lab, all in green, all with settings, keys and state of their own under
# $LAB_DIR. Sourced by lab.sh.

lab_nginx() {
  mkdir -p "$LAB_DIR/www"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj /CN=shop.green.example -addext 'subjectAltName=DNS:shop.green.example,DNS:api.green.example' \
    -keyout "$LAB_DIR/tls.key" -out "$LAB_DIR/tls.crt" 2>/dev/null
  echo '<html><title>shop</title><p>Welcome to the green shop.</html>' >"$LAB_DIR/www/index.html"
  for lab_size in 20 256 600; do
    head -c "${lab_size}k" /dev/urandom >"$LAB_DIR/www/$lab_size.bin"
  done
  cat >"$LAB_DIR/nginx.conf" <<END
user root;
daemon off;
worker_processes 1;
pid $LAB_DIR/nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
  access_log off;
  types { text/html html; }
  default_type application/octet-stream;
  client_body_temp_path $LAB_DIR/nginx.body;
  proxy_temp_path $LAB_DIR/nginx.proxy;
  fastcgi_temp_path $LAB_DIR/nginx.fastcgi;
  uwsgi_temp_path $LAB_DIR/nginx.uwsgi;
  scgi_temp_path $LAB_DIR/nginx.scgi;
  server {
    listen $LAB_GREEN:80;
    listen [$LAB_GREEN6]:80;
    listen $LAB_GREEN:443 ssl http2;
    listen [$LAB_GREEN6]:443 ssl http2;
    ssl_certificate $LAB_DIR/tls.crt;
    ssl_certificate_key $LAB_DIR/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    root $LAB_DIR/www;
    location = /order { return 201 "ordered\n"; }
    location = /old { return 301 /index.html; }
    location = /catalog { return 200 "item\n"; }
  }
}
END
  lab_spawn green nginx nginx -e stderr -c "$LAB_DIR/nginx.conf"
}

lab_nsd() {
  cat >"$LAB_DIR/green.zone" <<END
\$ORIGIN green.example.
\$TTL 300
@     IN SOA ns admin 1 3600 600 86400 300
@     IN NS  ns
@     IN MX  10 mail
@     IN TXT "v=spf1 -all"
ns    IN A    $LAB_GREEN
ns    IN AAAA $LAB_GREEN6
shop  IN A    $LAB_GREEN
shop  IN AAAA $LAB_GREEN6
api   IN A    $LAB_GREEN
mail  IN A    10.2.0.25
www   IN CNAME shop
END
  for lab_line in 1 2 3 4 5 6; do
    printf 'big IN TXT "%0200d"\n' "$lab_line"
  done >>"$LAB_DIR/green.zone"
  cat >"$LAB_DIR/nsd.conf" <<END
server:
  ip-address: $LAB_GREEN
  ip-address: $LAB_GREEN6
  username: ""
  chroot: ""
  zonesdir: "$LAB_DIR"
  database: ""
  pidfile: "$LAB_DIR/nsd.pid"
  xfrdfile: "$LAB_DIR/nsd.xfrd"
  xfrdir: "$LAB_DIR"
  zonelistfile: "$LAB_DIR/nsd.zones"
  server-count: 1
  hide-version: yes
remote-control:
  control-enable: no
zone:
  name: green.example
  zonefile: green.zone
  provide-xfr: $LAB_BLUE NOKEY
END
  lab_spawn green nsd nsd -d -c "$LAB_DIR/nsd.conf"
}

# sshd insists on /run/sshd: it gets a /run of its own, in its own mount namespace.
lab_sshd() {
  ssh-keygen -q -t ed25519 -N '' -C lab -f "$LAB_DIR/ssh_host"
  ssh-keygen -q -t ed25519 -N '' -C lab -f "$LAB_DIR/ssh_user"
  echo "* $(cut -d' ' -f1,2 "$LAB_DIR/ssh_host.pub")" >"$LAB_DIR/ssh_known"
  cat >"$LAB_DIR/sshd.conf" <<END
ListenAddress $LAB_GREEN
ListenAddress [$LAB_GREEN6]:22
HostKey $LAB_DIR/ssh_host
AuthorizedKeysFile $LAB_DIR/ssh_user.pub
PidFile none
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
PermitRootLogin yes
PrintMotd no
END
  lab_spawn green sshd sh -c 'mount -t tmpfs tmpfs /run && mkdir /run/sshd &&
    exec "$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f "$1"' sh "$LAB_DIR/sshd.conf"
}

lab_redis() {
  mkdir -p "$LAB_DIR/redis"
  lab_spawn green redis redis-server --bind "$LAB_GREEN" "$LAB_GREEN6" --port 6379 --save '' \
    --appendonly no --protected-mode no --dir "$LAB_DIR/redis" --daemonize no
}

# Sends each datagram back, whole.
lab_echo() {
  cat >"$LAB_DIR/echo.py" <<'END'
import select, socket, sys
sockets = []
for address in sys.argv[2:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((address, int(sys.argv[1])))
    sockets.append(s)
while True:
    for s in select.select(sockets, [], [])[0]:
        data, peer = s.recvfrom(65535)
        s.sendto(data, peer)
END
  lab_spawn green echo python3 "$LAB_DIR/echo.py" "$LAB_ECHO_PORT" "$LAB_GREEN" "$LAB_GREEN6"
}

# lab_datagrams ADDRESS BYTES COUNT: from blue, each must come back whole.
lab_datagrams() {
  lab_exec blue python3 -c '
import socket, sys
address, port, size, count = sys.argv[1], *map(int, sys.argv[2:])
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
for n in range(count):
    data = bytes(97 + (n + i) % 26 for i in range(size))
    s.sendto(data, (address, port))
    if s.recv(65535) != data:
        sys.exit("the echo differs")' "$1" "$LAB_ECHO_PORT" "$2" "$3"
}

lab_ssh() { # ADDRESS COMMAND...: from blue
  lab_address=$1
  shift
  lab_exec blue ssh -F /dev/null -i "$LAB_DIR/ssh_user" -o IdentitiesOnly=yes -o BatchMode=yes \
    -o UserKnownHostsFile="$LAB_DIR/ssh_known" -o GlobalKnownHostsFile=/dev/null \
    -l "$(id -un)" "$lab_address" "$@"
}

lab_curl() { # CURL-ARGUMENTS...: from blue; the names resolve to green's IPv4 address
  lab_exec blue curl -q -sS --cacert "$LAB_DIR/tls.crt" -o /dev/null \
    --resolve "shop.green.example:80:$LAB_GREEN" --resolve "shop.green.example:443:$LAB_GREEN" \
    --resolve "api.green.example:443:$LAB_GREEN" "$@"
}

lab_curl6() {
  lab_exec blue curl -q -sS --cacert "$LAB_DIR/tls.crt" -o /dev/null \
    --resolve "shop.green.example:80:$LAB_GREEN6" \
    --resolve "shop.green.example:443:$LAB_GREEN6" "$@"
}

lab_dig() { # ADDRESS DIG-ARGUMENTS...
  lab_address=$1
  shift
  lab_exec blue dig "@$lab_address" +tries=1 +time=3 +nocookie "$@"
}

lab_serve() {
  lab_nginx
  lab_nsd
  lab_sshd
  lab_redis
  lab_spawn green iperf3 iperf3 -s --forceflush
  lab_echo
  lab_wait lab_curl http://shop.green.example/
  lab_wait lab_curl6 https://shop.green.example/
  lab_wait lab_dig "$LAB_GREEN" shop.green.example
  lab_wait lab_ssh "$LAB_GREEN" true
  lab_wait lab_exec blue redis-cli -h "$LAB_GREEN" ping
  lab_wait lab_datagrams "$LAB_GREEN" 10 1
  lab_wait grep -q listening "$LAB_DIR/iperf3.log"
}
