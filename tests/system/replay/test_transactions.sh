#!/bin/sh
# What transactions say of DNS responses and of certificates is what tshark and openssl say; and flow_start is told
# once a flow, with the label that its flow event has.
. "$(dirname "$0")/../lib.sh"

make_talk() { python3 "$here/make/handshakes.py" "$@"; }
transactions() { python3 "$here/judge/transaction_objects.py" "$@"; }

certificate() { # NAME SUBJECT ISSUER EXTENSION
  openssl req -newkey rsa:2048 -nodes -keyout "$tmp/$1.key" -subj "$2" -out "$tmp/$1.csr" 2>/dev/null &&
    printf '%s\n' "$4" >"$tmp/$1.ext" &&
    if [ "$3" = "$1" ]; then
      openssl x509 -req -in "$tmp/$1.csr" -signkey "$tmp/$1.key" -days 30 -extfile "$tmp/$1.ext" -out "$tmp/$1.pem" 2>/dev/null
    else
      openssl x509 -req -in "$tmp/$1.csr" -CA "$tmp/$3.pem" -CAkey "$tmp/$3.key" -CAcreateserial -days 30 \
        -extfile "$tmp/$1.ext" -out "$tmp/$1.pem" 2>/dev/null
    fi
}

chain() { # three certificates; the server's is the first
  certificate root '/C=DE/O=Example Root' root 'basicConstraints=critical,CA:TRUE' &&
    certificate middle '/C=DE/O=Example/CN=Issuing CA 1' root 'basicConstraints=critical,CA:TRUE' &&
    certificate leaf '/C=DE/O=Shop GmbH/CN=shop.example.com' middle \
      'subjectAltName=DNS:shop.example.com,DNS:www.shop.example.com' &&
    cat "$tmp/leaf.pem" "$tmp/middle.pem" "$tmp/root.pem" >"$tmp/chain.pem" &&
    cp "$tmp/leaf.key" "$tmp/key.pem"
}

# Each flow has one, and what it says of the flow the flow event says.
starts_agree() { # DIR
  jq -c 'select(.event == "flow_start") | [.flow_id, .community_id, .src_ip, .dst_port, .app, .category]' \
    "$1"/events/transactions.jsonl | sort >"$tmp/starts"
  jq -c 'select(.event == "flow") | [.flow_id, .community_id, .src_ip, .dst_port, .app, .category]' \
    "$1"/events/flows.jsonl | sort | diff "$tmp/starts" - && [ -s "$tmp/starts" ]
}

make_talk dns "$tmp/dns.pcap"
replay "$tmp/dns" "$tmp/dns.pcap"
check "records and EDNS of DNS responses, as tshark has them" transactions dns "$tmp/dns" "$tmp/dns.pcap"
check "the client's subnet" test "$(jq -r 'select(.event == "dns") | .dns.edns.client_subnet // empty' \
  "$tmp/dns/events/transactions.jsonl")" = 192.0.2.0/24

check "certificates are made" chain
make_talk tls "$tmp" "$tmp/tls.pcap"
replay "$tmp/tls" "$tmp/tls.pcap"
check "a chain of certificates, as openssl has them" transactions tls "$tmp/tls" "$tmp/chain.pem"
replay "$tmp/off" --set events.tls=false "$tmp/tls.pcap"
check "without transactions the flow has the server's own, and counts none" test "$(jq -c \
  'select(.event == "flow") | [.tls.subject, .transactions.tls, .transactions.dns]' "$tmp/off/events/flows.jsonl")" = \
  '["C=DE, O=Shop GmbH, CN=shop.example.com",null,0]'

for workers in 1 3; do
  for capture in web dns ssh-redis; do
    replay "$tmp/start" --set events.flow_start=true --workers $workers "$root/pcaps/$capture.pcap"
    check "flow_start of $capture, $workers workers" starts_agree "$tmp/start"
    check "all adds up" results ledger "$tmp/start"
  done
done
replay "$tmp/blind" --set events.flow_start=true --set dpi.enabled=false "$tmp/dns.pcap"
check "flow_start without inspection" starts_agree "$tmp/blind"

if have_shared pcaps/ndpi42/dns_exfiltration.pcap; then
  for capture in dns_exfiltration dns_long_domainname; do
    replay "$tmp/shared" "$shared/pcaps/ndpi42/$capture.pcap"
    check "records of $capture, as tshark has them" transactions dns "$tmp/shared" "$shared/pcaps/ndpi42/$capture.pcap"
  done
fi
finish
