# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154
#
# The programs that pairgate is measured against, with scratch keys on ports of their own. Each
# peer_NAME moves one file or one directory, as a row. TLS is 1.3 with AES-128-GCM and
# certificates from both sides; ssh is aes128-gcm@openssh.com.

free_port()
{
    python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# serve PORT COMMAND...: in the background, a process group of its own: $spawned.
serve()
{
    local port=$1
    shift
    setsid "$@" >"$scratch/peer.log" 2>&1 </dev/null &
    spawned=$!
    own "$spawned"
    wait_for 10 port_answers "$port" || { cat "$scratch/peer.log"; die "$1 listens"; }
}

ssh_group='' nginx_group=''

ssh_begin()
{
    local dir=$scratch/ssh port
    if [[ $ssh_group ]]; then return; fi
    mkdir -p "$dir" /run/sshd
    port=$(free_port)
    ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
    ssh-keygen -q -t ed25519 -N '' -f "$dir/user"
    cp "$dir/user.pub" "$dir/authorized"
    printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $dir/host" 'UsePAM no' \
        "AuthorizedKeysFile $dir/authorized" 'StrictModes no' 'PermitRootLogin yes' \
        'PidFile none' 'Subsystem sftp internal-sftp' 'Ciphers aes128-gcm@openssh.com' \
        >"$dir/sshd_config"
    printf '%s\n' 'Host bench' 'HostName 127.0.0.1' "Port $port" "IdentityFile $dir/user" \
        'StrictHostKeyChecking no' "UserKnownHostsFile $dir/known" 'LogLevel ERROR' \
        'Ciphers aes128-gcm@openssh.com' 'IdentitiesOnly yes' 'Compression no' >"$dir/config"
    serve "$port" "$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f "$dir/sshd_config"
    ssh_group=$spawned
}

# The certificate of all TLS peers: $scratch/peer.{pem,key}.
peer_certificate()
{
    if [[ -e $scratch/peer.pem ]]; then return; fi
    if [[ ! -d $scratch/ca/bench ]]; then ladder bench; fi
    foreign peer bench
}

nginx_begin()
{
    local dir=$scratch/nginx
    if [[ $nginx_group ]]; then return; fi
    peer_certificate
    mkdir -p "$dir/data" "$dir/temp"
    nginx_port=$(free_port)
    cat >"$dir/conf" <<CONF
user $(id -un);
daemon off;
worker_processes 2;
pid $dir/pid;
error_log $dir/error.log;
events { }
http {
    access_log off;
    client_max_body_size 0;
    client_body_buffer_size 1m;
    client_body_temp_path $dir/temp;
    proxy_temp_path $dir/t1; fastcgi_temp_path $dir/t2; scgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4;
    server {
        listen 127.0.0.1:$nginx_port ssl;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
        ssl_certificate $scratch/peer.pem;
        ssl_certificate_key $scratch/peer.key;
        ssl_client_certificate $scratch/ca/bench-root/cert.pem;
        ssl_verify_client on;
        ssl_verify_depth 4;
        root $dir/data;
        dav_methods PUT;
    }
}
CONF
    serve "$nginx_port" "$(command -v nginx || echo /usr/sbin/nginx)" -c "$dir/conf" -p "$dir"
    nginx_group=$spawned
}

# landing [KEEP]: an empty place for a peer's copy, in $to; without KEEP that of before goes.
landings=0
landing()
{
    if [[ ! ${1:-} ]]; then rm -rf "$scratch/landing"; fi
    to=$scratch/landing/$((++landings))
    mkdir -p "$to"
    sync -f "$scratch"
}

peer_cp()
{
    landing
    measure '(cp)' '' "$to/file" cp "$1" "$to/file"
}

# peer_rsync FILE-OR-DIR/ [KEEP]
peer_rsync()
{
    ssh_begin
    landing "${2:-}"
    measure 'rsync, ssh' "$ssh_group" "$to" rsync -a -W -e "ssh -F $scratch/ssh/config" "$1" "bench:$to/"
}

peer_scp()
{
    ssh_begin
    landing
    measure 'scp' "$ssh_group" "$to/file" scp -q -F "$scratch/ssh/config" "$1" "bench:$to/file"
}

peer_curl()
{
    nginx_begin
    rm -f "$scratch/nginx/data/file"
    sync -f "$scratch"
    measure 'curl to nginx' "$nginx_group" "$scratch/nginx/data/file" \
        curl -sSf -T "$1" --tls13-ciphers TLS_AES_128_GCM_SHA256 --tlsv1.3 \
        --cacert "$scratch/ca/bench-root/cert.pem" --cert "$scratch/peer.pem" \
        --key "$scratch/peer.key" "https://127.0.0.1:$nginx_port/file"
}

# peer_tar DIR [KEEP]
peer_tar()
{
    local tls port
    peer_certificate
    landing "${2:-}"
    port=$(free_port)
    tls="cert=$scratch/peer.pem,key=$scratch/peer.key,cafile=$scratch/ca/bench-root/cert.pem"
    tls+=,openssl-min-proto-version=TLS1.3,verify=1
    # shellcheck disable=SC2016
    measure 'tar, socat TLS' '' "$to" bash -c 'set -o pipefail
        socat -u -b 131072 "OPENSSL-LISTEN:$1,bind=127.0.0.1,$2" - | tar -xpf - -C "$4" &
        tar -cf - -C "$3" . | socat -u -b 131072 - \
            "OPENSSL:127.0.0.1:$1,$2,retry=100,interval=0.05" && wait $!' \
        tar "$port" "$tls" "$1" "$to"
}

# peer_openssl FILE: from one process to another, neither stored nor verified.
peer_openssl()
{
    peer_certificate
    if [[ ! -x $scratch/tls_pair ]]; then
        cc -O2 -o "$scratch/tls_pair" "$bench_dir/tls_pair.c" -lssl -lcrypto
    fi
    measure 'OpenSSL pair, unverified' '' '' "$scratch/tls_pair" "$scratch/peer.pem" \
        "$scratch/peer.key" "$scratch/ca/bench-root/cert.pem" "$1"
}
