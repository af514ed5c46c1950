#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS with the key and chain of the state directory given, in front of its local socket."""
import socket
import ssl
import sys
import threading

STATE = sys.argv[1]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{STATE}/identity/current/chain.pem",
                        f"{STATE}/identity/current/key.pem")


def copy(source, target):
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(plain):
    try:
        caller = context.wrap_socket(plain, server_side=True)
    except (OSError, ssl.SSLError):
        return
    agent = socket.socket(socket.AF_UNIX)
    agent.connect(f"{STATE}/manage.sock")
    threading.Thread(target=copy, args=(agent, caller), daemon=True).start()
    copy(caller, agent)


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
