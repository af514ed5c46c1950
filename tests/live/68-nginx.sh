#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# nginx in the target's place, with a certificate of the same CA and client verification: the
# source says that this is no target, and gives it neither a secret nor a byte of the tree.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin
command -v nginx >/dev/null || skip 'nginx is not there'

ladder office
member source office
member target office
foreign web office
listen target
tree "$scratch/estate" 1
code target
(umask 077 && echo 'correct horse battery' >"$scratch/password")
must target admin add root --password-file "$scratch/password"

# A hello of the true target, as a passer-by may have got it.
curl -sk --cert "$scratch/source/identity/current/chain.pem" \
    --key "$scratch/source/identity/current/key.pem" -o "$scratch/hello.json" --max-time 20 \
    -X POST --data @- "https://$(at target)/pairgate/v1/pairing/hello" < <(
    der=$(openssl x509 -in "$scratch/source/identity/current/chain.pem" -outform DER | base64 -w 0)
    jq -nc --arg der "$der" --argjson now "$(date +%s)" '{role: "source", version_min: 1,
        version_max: 1, policy: "default", clock_ms: ($now * 1000), product: "curl",
        leaves: {server: {certificate: $der}, client: {certificate: $der}}}')
check 'the target has said hello' jq -e '.role == "target"' "$scratch/hello.json"

# nginx_begin LOCATION: answers by that, and logs each request with its size and body.
port=0
nginx_begin()
{
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir -p "$scratch/web/logs"
    : >"$scratch/web/seen"
    cat >"$scratch/web/nginx.conf" <<CONF
user root;
worker_processes 1;
pid $scratch/web/pid;
error_log $scratch/web/error.log;
events {}
http {
    log_format seen '\$request \$request_length \$ssl_client_verify \$request_body';
    access_log $scratch/web/seen seen;
    client_body_temp_path $scratch/web/t1;
    proxy_temp_path $scratch/web/t2;
    fastcgi_temp_path $scratch/web/t3;
    uwsgi_temp_path $scratch/web/t4;
    scgi_temp_path $scratch/web/t5;
    server {
        listen 127.0.0.1:$port ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate $scratch/web.pem;
        ssl_certificate_key $scratch/web.key;
        ssl_client_certificate $scratch/ca/office/chain.pem;
        ssl_verify_client on;
        ssl_verify_depth 10;
        location / { $1 }
        location = /swallow { internal; return 200; }
    }
}
CONF
    setsid nginx -p "$scratch/web" -c "$scratch/web/nginx.conf" -g 'daemon off;' \
        >"$scratch/web/out" 2>&1 </dev/null &
    own "$!"
    web=$!
    wait_for 10 web_listens || die "nginx listens: $(cat "$scratch/web/out" "$scratch/web/error.log")"
    listener_port[web]=$port
    relay wire web
}
web_listens() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
nginx_end()
{
    relay_end wire
    kill -TERM -- "-$web" 2>/dev/null || true
    wait "$web" 2>/dev/null || true
}

# refused_here ID: the check and three ways to migrate end with that and give nothing away.
refused_here()
{
    local way
    run 1 source pair "$(at wire)" --json
    check "the check says $1" grep -q "$1" "$out"
    for way in "--code-file $scratch/target.code" "--user root --password-file $scratch/password" --wait; do
        # shellcheck disable=SC2086
        run 1 source migrate "$(at wire)" "$scratch/estate" --json $way
        check "a migration says $1" grep -q "$1" "$out"
    done
    equal 'it was asked for nothing but a pairing' '' \
        "$(grep -v '^POST /pairgate/v1/pairing/hello ' "$scratch/web/seen" || true)"
    check 'and did see the source as a client it trusts' grep -q ' SUCCESS ' "$scratch/web/seen"
    check_not 'it saw no secret' grep -qE "scram|correct horse|$(cat "$scratch/target.code")" "$scratch/web/seen"
    no_payload_passed wire
    nothing_moved target source
}

nginx_begin 'return 404;'
refused_here PGA1010
nginx_end
nginx_begin 'default_type application/json; return 200 "{}";'
refused_here PGP1030
nginx_end
# The true hello over nginx's own certificate.
nginx_begin "default_type application/json; return 200 '$(cat "$scratch/hello.json")';"
refused_here PGP1034
nginx_end
listen_end target
