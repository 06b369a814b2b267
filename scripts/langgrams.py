#!/usr/bin/env python3
"""Makes policies/langgrams.gz of the models of lingua-go.

    go mod download github.com/pemistahl/lingua-go@v1.4.0
    scripts/langgrams.py "$(go env GOMODCACHE)/github.com/pemistahl/lingua-go@v1.4.0" policies/langgrams.gz

The models (Apache-2.0, Peter M. Stahl) say how probable a letter is after up to
four others in a language. Kept are the runs of two to five letters that are
frequent in one of the languages and tell them apart better than the shorter run
does. The file is sorted; each entry is the number of bytes shared with the one
before it, the number of further bytes, these, and for each language eight times how much less probable (as a natural logarithm) the run is than in the
language in which it is most probable.
"""
import gzip, math, struct, sys, zipfile

LANGUAGES = "de en es fr it nl pl pt sv da nb cs".split()
FILES = ["unigrams", "bigrams", "trigrams", "quadrigrams", "fivegrams"]
FREQUENT = [0, 0, 3e-6, 1e-5, 3e-5]  # by the length of the run
BACK_OFF, FLOOR = math.log(0.3), math.log(1e-6)
APART = 0.7  # a run is kept if it changes a difference between languages so much


def varint(b, i):
    n = shift = 0
    while True:
        x = b[i]
        i += 1
        n |= (x & 127) << shift
        shift += 7
        if x < 128:
            return n, i


def model(data):
    """Reads a SerializableLanguageModel: runs by their probability."""
    out, i = {}, 0
    while i < len(data):
        tag, i = varint(data, i)
        if tag & 7 == 0:
            _, i = varint(data, i)
            continue
        size, i = varint(data, i)
        end, p, runs = i + size, 0.0, []
        while tag >> 3 == 4 and i < end:
            inner, i = varint(data, i)
            if inner == 9:
                p = struct.unpack("<d", data[i:i + 8])[0]
                i += 8
            else:
                n, i = varint(data, i)
                runs.append(data[i:i + n].decode())
                i += n
        for run in runs:
            out[run] = p
        i = end
    return out


def read(root):
    models = {}
    for language in LANGUAGES:
        models[language] = []
        for name in FILES:
            with zipfile.ZipFile(f"{root}/language-models/{language}/{name}.pb.bin.zip") as z:
                models[language].append(model(z.read(z.namelist()[0])))
    return models


def frequent(models):
    kept = [set() for _ in FILES]
    for m in models.values():
        joint = m[0]
        kept[0] |= {run for run, p in joint.items() if p >= FREQUENT[0]}
        for k in range(1, 5):
            joint = {run: joint.get(run[:-1], 0) * p for run, p in m[k].items()}
            kept[k] |= {run for run, p in joint.items() if p >= FREQUENT[k]}
    return kept


def log_p(m, kept, run):
    penalty = 0.0
    for cut in range(len(run)):
        part = run[cut:]
        if part in kept[len(part) - 1]:
            p = m[len(part) - 1].get(part)
            if p:
                return max(penalty + math.log(p), FLOOR)
            penalty += BACK_OFF
    return FLOOR


def main(root, target):
    models = read(root)
    kept = frequent(models)
    rows = {}
    for size in range(1, 6):
        for run in kept[size - 1]:
            logs = [log_p(models[l], kept, run) for l in LANGUAGES]
            row = [max(logs) - x for x in logs]
            shorter = next((rows[run[c:]] for c in range(1, size) if run[c:] in rows), None)
            if shorter:
                change = [a - b for a, b in zip(row, shorter)]
                if max(change) - min(change) < APART:
                    continue
            rows[run] = row
    out, before = bytearray(), b""
    for run in sorted(rows, key=lambda r: r.encode()):
        key = run.encode()
        shared = next((i for i, (a, b) in enumerate(zip(key, before)) if a != b), min(len(key), len(before)))
        out += bytes([shared, len(key) - shared]) + key[shared:] + bytes(min(255, round(8 * x)) for x in rows[run])
        before = key
    with open(target, "wb") as f:
        f.write(gzip.compress(bytes(out), 9, mtime=0))
    print(len(rows), "runs,", len(out), "bytes", file=sys.stderr)


main(*sys.argv[1:])
