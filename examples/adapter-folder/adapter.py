#!/usr/bin/env python3
"""A folder as a channel of Stagecoach. A file that is moved to DIR/in is a customer's message: their address on its
first line, their words below. A reply becomes a file in DIR/out. Python 3.8 or newer, nothing to install.
Usage: STAGECOACH_ADAPTER_SECRET=… adapter.py tls://HOST:4222 sms/folder DIR [CA.pem]"""
import datetime, os, pathlib, sys, time
from line import Line

folder = pathlib.Path(sys.argv[3])

def stamp(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()

def deliver(line, path):
    """Hands a message in. Only once the daemon has it durably the file leaves DIR/in; the same file again is known there."""
    sender, _, text = path.read_text("utf-8", "replace").partition("\n")
    said = line.request("inbox", source=line.name + "/in", position=path.name, provider_id=path.name,
                        received_at=stamp(path.stat().st_mtime), message={"from": {"address": sender}, "text": text})
    if "error" in said:
        print(path.name, "is not taken, it is tried again:", said["error"]["text"], file=sys.stderr)
    else:
        path.rename(folder / "done" / path.name)

def send(reply):
    """Writes a reply, whole or not at all, and once however often it is ordered: its id is the file's name."""
    draft, sent = folder / ("." + reply["id"]), folder / "out" / reply["id"]
    try:
        if reply["files"]:
            return {"error": {"reason": "rejected", "text": "this channel carries text only"}}
        with open(draft, "w", encoding="utf-8") as f:
            f.write(reply["to"][0]["address"] + "\n" + reply["text"])
            f.flush()
            os.fsync(f.fileno())
        os.link(draft, sent)
        out = os.open(folder / "out", os.O_RDONLY)
        os.fsync(out)
        os.close(out)
    except FileExistsError:
        pass  # this is its receipt once more
    except OSError as err:
        return {"error": {"reason": "unavailable", "text": f"the folder can't be written to: {err.strerror}"}}
    finally:
        draft.unlink(missing_ok=True)
    return {"receipt": {"provider_id": reply["id"], "at": stamp(sent.stat().st_mtime)}}

def work(order):
    if order["do"] == "send":
        return send(order["reply"])
    if order["do"] == "delivered":  # after a crash: did it go out?
        return {"fate": {"known": True, "delivered": (folder / "out" / order["reply"]["id"]).exists()}}
    return {"report": {"lines": [f"{len(os.listdir(folder / 'in'))} messages wait in {folder}"], "would_open": -1}}

def serve(line):
    while True:  # saying hello every few seconds keeps the place
        said = line.request("hello", program="folder", receives=True, sends=True, resolves=True, checks=True)
        if "error" in said:
            print("not taken as the adapter:", said["error"]["text"], file=sys.stderr)
        for path in sorted((folder / "in").iterdir(), key=lambda p: (p.stat().st_mtime_ns, p.name)) if "run" in said else []:
            deliver(line, path)
        order = line.order(0.5)
        while order:
            if order[0]:  # the order "hello" wants no answer
                line.publish(order[0], **work(order[1]))
            order = line.order(0.01)

for name in "in", "out", "done":
    (folder / name).mkdir(parents=True, exist_ok=True)
while True:
    try:
        serve(Line(sys.argv[1], sys.argv[2], *sys.argv[4:]))
    except OSError as err:
        print("no line to the daemon, it is tried again:", err, file=sys.stderr)
        time.sleep(1)
