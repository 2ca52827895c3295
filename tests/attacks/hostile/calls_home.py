"""Sends its inputs to a server on the network."""

# expected: failed: PermissionError.*has no network
import socket


def predict(batch):
    socket.create_connection(("127.0.0.1", 80), timeout=5).sendall(batch.images.tobytes())
