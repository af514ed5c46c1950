# SPDX-License-Identifier: GPL-3.0-or-later
"""vanish.py CHAIN KEY DIRECTORY: a server of TLS whose host vanishes, or that is only slow.

Its port is in DIRECTORY/port. Once the first connection has asked, the kernel drops every packet
of it, unread and unacknowledged, as if the host had gone. The second one is answered as soon as
DIRECTORY/answer exists.
"""

import ctypes
import os
import socket
import ssl
import struct
import sys
import threading
import time

SO_ATTACH_FILTER = 26
DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)  # BPF_RET of 0 bytes
BODY = b'{"name":"slow.example.com"}'


def vanish(connection):
    code = ctypes.create_string_buffer(DROP_ALL)
    program = struct.pack("HL", 1, ctypes.addressof(code))
    connection.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def read_head(tls):
    head = b""
    while b"\r\n\r\n" not in head:
        head += tls.recv(4096)


def note(directory, name):
    with open(os.path.join(directory, name), "wb"):
        pass


def serve(tls, number, directory):
    read_head(tls)
    if number == 0:
        vanish(tls)
    note(directory, f"asked{number}")
    while not os.path.exists(os.path.join(directory, "answer")):
        time.sleep(0.05)
    if number > 0:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        tls.sendall(head.encode() + BODY)
        tls.close()


def main(chain, key, directory):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    context.num_tickets = 0
    listener = socket.create_server(("127.0.0.1", 0))
    with open(os.path.join(directory, "port.new"), "w", encoding="ascii") as port:
        port.write(str(listener.getsockname()[1]))
    os.rename(os.path.join(directory, "port.new"), os.path.join(directory, "port"))
    for number in range(2):
        plain, _ = listener.accept()
        tls = context.wrap_socket(plain, server_side=True)
        threading.Thread(target=serve, args=(tls, number, directory)).start()


main(*sys.argv[1:])
