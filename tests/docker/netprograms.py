"""Small programs that run inside the laboratory's containers; each is the text of a Python script of its own."""

from typing import Final

LISTEN: Final = """
import json, socket, sys, threading
ports = json.loads(sys.argv[1])
where = ports.get("address", "0.0.0.0")
def tcp(port):
    server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((where, port)); server.listen(200)
    return server
def udp(port):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind((where, port))
    return server
def serve_tcp(server):
    while True:
        connection, _ = server.accept(); connection.close()
def serve_udp(server):
    while True:
        data, who = server.recvfrom(2048)
        try: server.sendto(data, who)
        except OSError: pass
work = [(serve_tcp, tcp(p)) for p in ports["tcp"]] + [(serve_udp, udp(p)) for p in ports["udp"]]
threads = [threading.Thread(target=f, args=(s,), daemon=True) for f, s in work]
for thread in threads: thread.start()
print("listening", flush=True)
threading.Event().wait()
"""

PROBE: Final = """
import concurrent.futures, json, socket, sys
def probe(target):
    kind, host, port = target
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    sock.settimeout(1.0)
    place = socket.getaddrinfo(host, port, family, sock.type)[0][4]
    try:
        sock.connect(place)
        if kind == "udp":
            sock.send(b"x"); sock.recv(10)
        return "open"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "silent"
    except OSError as error:
        return "unreachable"
    finally:
        sock.close()
targets = json.loads(sys.argv[1])
with concurrent.futures.ThreadPoolExecutor(64) as pool:
    print(json.dumps(list(pool.map(probe, targets))))
"""

WATCH: Final = """
import json, select, socket, sys, time
order = json.loads(sys.argv[1])
answers, sent, open_tcp = [], 0, {}
udp = {}
for kind, host, port in order["targets"]:
    if kind == "udp":
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); sock.setblocking(False); sock.connect((host, port))
        udp[sock] = (kind, host, port)
print("watching", flush=True)
begin = time.monotonic(); last_tcp = 0
def note(target, what): answers.append([*target, what, round(time.monotonic() - begin, 3)])
while time.monotonic() - begin < order["seconds"]:
    for sock, target in udp.items():
        try: sock.send(b"x"); sent += 1
        except OSError as error: note(target, "refused") if isinstance(error, ConnectionRefusedError) else None
        try:
            sock.recv(10); note(target, "open")
        except BlockingIOError: pass
        except ConnectionRefusedError: note(target, "refused")
    if time.monotonic() - last_tcp > 0.01:
        last_tcp = time.monotonic()
        for kind, host, port in order["targets"]:
            if kind == "tcp":
                sock = socket.socket(); sock.setblocking(False); sent += 1
                sock.connect_ex((host, port)); open_tcp[sock] = ((kind, host, port), last_tcp)
    if open_tcp:
        _, ready, _ = select.select([], list(open_tcp), [], 0)
        for sock in ready:
            target, _ = open_tcp.pop(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR); sock.close()
            if code in (0, 111): note(target, "open" if code == 0 else "refused")
        for sock in [s for s, (_, at) in open_tcp.items() if time.monotonic() - at > 0.2]:
            open_tcp.pop(sock); sock.close()
    time.sleep(0.002)
print(json.dumps({"sent": sent, "answers": answers[:50], "count": len(answers)}))
"""

RAW_SOCKETS: Final = """
import json, socket
def attempt(*kind):
    try: socket.socket(*kind).close()
    except PermissionError: return "refused"
    return "given"
print(json.dumps({
    "ip": attempt(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
    "icmp": attempt(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "packet": attempt(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)),
}))
"""

# a question "who has this address" on the wire itself, for a container that may open raw sockets
ASK_ARP: Final = """
import json, socket, sys, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)); wire.bind(("eth0", 0x0806))
mac = wire.getsockname()[4]; own, wanted = map(socket.inet_aton, sys.argv[1:3])
question = b"\\xff" * 6 + mac + b"\\x08\\x06" + b"\\0\\x01\\x08\\0\\x06\\x04\\0\\x01" + mac + own + b"\\0" * 6 + wanted
wire.settimeout(0.3); heard = []
for _ in range(5):
    wire.send(question); end = time.monotonic() + 0.3
    while time.monotonic() < end:
        try: frame = wire.recv(100)
        except TimeoutError: break
        if frame[20:22] == b"\\0\\x02" and frame[28:32] == wanted: heard.append(frame[22:28].hex())
print(json.dumps(sorted(set(heard))))
"""

# connect from an address that is somebody else's, which needs that address on the device (NET_ADMIN)
CONNECT_AS: Final = """
import json, socket, sys
sock = socket.socket(); sock.settimeout(2.0)
try:
    sock.bind((sys.argv[1], 0)); sock.connect((sys.argv[2], int(sys.argv[3])))
    print(json.dumps("open"))
except ConnectionRefusedError:
    print(json.dumps("refused"))
except OSError:
    print(json.dumps("closed"))
"""

ARP_TABLE: Final = """
import json
rows = [line.split() for line in open("/proc/net/arp").read().splitlines()[1:]]
print(json.dumps({row[0]: row[2] != "0x0" for row in rows}))
"""

RESOLVE: Final = """
import json, socket, sys
try: print(json.dumps(socket.gethostbyname(sys.argv[1])))
except OSError as error: print(json.dumps(f"failed: {error}"))
"""

# answers every question with one address
NAME_SERVER: Final = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind((sys.argv[1], 53))
print("listening", flush=True)
while True:
    question, who = server.recvfrom(512)
    end = question.index(b"\\0", 12) + 5
    answer = question[:2] + b"\\x81\\x80\\0\\x01\\0\\x01\\0\\0\\0\\0" + question[12:end]
    answer += b"\\xc0\\x0c\\0\\x01\\0\\x01\\0\\0\\0\\x3c\\0\\x04" + socket.inet_aton("198.51.100.77")
    server.sendto(answer, who)
"""
