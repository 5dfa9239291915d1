"""Opens sockets of every kind; says which it could."""

import socket
import urllib.request


def opened():
    attempts = {
        "socketpair": socket.socketpair,
        "urllib": lambda: urllib.request.urlopen("http://127.0.0.1:1/", timeout=1),
        "name": lambda: socket.getaddrinfo("localhost", 80),
    }
    for family in socket.AddressFamily:
        for kind in socket.SocketKind:
            attempts[f"{family.name} {kind.name}"] = lambda f=family, k=kind: socket.socket(f, k)
    found = []
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError:
            continue
        found.append(name)
    return found


def abstract():
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("\0meeting")
