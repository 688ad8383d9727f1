# SPDX-License-Identifier: Apache-2.0
"""Stands in for systemd: notify.py SOCKET prints each state that is sent to it, a line each, until STOPPING=1."""
import os
import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
    manager.bind(sys.argv[1])
    manager.settimeout(60)
    print("listening", flush=True)
    state = ""
    while "STOPPING=1" not in state:
        state = manager.recv(4096).decode()
        print(state.replace("\n", " "), flush=True)
os.unlink(sys.argv[1])
