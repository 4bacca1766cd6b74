#!/usr/bin/env python3
"""Restores a snapshot of a repository of chunks from a plain copy of its store; reads docs/formats/chunks.md and nothing else.
chunks.py REPOSITORY_FOLDER SNAPSHOT TARGET [KEY_ID KEY_HEX]      (libzstd.so.1; libcrypto.so.3 where encrypted)"""
import ctypes, hashlib, hmac, json, os, struct, sys

H = lambda data: hashlib.sha256(data).digest()


def fail(why):
    sys.exit(f"chunks.py: {why}")


def read(*name):
    path = os.path.join(FOLDER, *name)
    if not os.path.exists(path):
        fail(f"{'/'.join(name)} is missing")
    with open(path, "rb") as file:
        return file.read()


def text(kind, mac_key, *name):
    line, body = read(*name).split(b"\n", 1)
    mark, found, digest, mac = line.decode().split(" ")
    if (mark, found) != ("swf-chunks-1", kind) or digest != H(body).hex():
        fail(f"{'/'.join(name)} is damaged")
    if mac_key and mac != hmac.new(mac_key, kind.encode() + b"\0" + body, "sha256").hexdigest():
        fail(f"{'/'.join(name)} was not written with the repository's keys")
    return json.loads(body)


def hkdf(key, salt, info):
    return hmac.new(hmac.new(salt, key, "sha256").digest(), info.encode() + b"\1", "sha256").digest()


def open_gcm(key, nonce, sealed, associated):
    """AES-256-GCM by libcrypto; None where the tag does not fit."""
    c = ctypes.CDLL("libcrypto.so.3")
    for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_gcm"):
        getattr(c, name).restype = ctypes.c_void_p
    context = ctypes.c_void_p(c.EVP_CIPHER_CTX_new())
    data, tag = sealed[:-16], sealed[-16:]
    out, n = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
    c.EVP_DecryptInit_ex(context, ctypes.c_void_p(c.EVP_aes_256_gcm()), None, key, nonce)
    if associated:
        c.EVP_DecryptUpdate(context, None, ctypes.byref(n), associated, len(associated))
    c.EVP_DecryptUpdate(context, out, ctypes.byref(n), data, len(data))
    c.EVP_CIPHER_CTX_ctrl(context, 0x11, 16, ctypes.c_char_p(tag))
    good = c.EVP_DecryptFinal_ex(context, ctypes.byref(out, n.value), ctypes.byref(ctypes.c_int()))
    c.EVP_CIPHER_CTX_free(context)
    return out.raw[:len(data)] if good == 1 else None


def unpack(codec, frame, length):
    if codec == 0:
        return frame
    if codec != 1:
        fail(f"codec {codec} is not read here")
    zstd = ctypes.CDLL("libzstd.so.1")
    zstd.ZSTD_decompress.restype = ctypes.c_size_t
    zstd.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    out = ctypes.create_string_buffer(length)
    return out.raw if zstd.ZSTD_decompress(out, length, frame, len(frame)) == length else None


def key_of(name_bytes, salt, purpose):
    name = name_bytes.rstrip(b"\0").decode()
    return hkdf(bytes.fromhex(SECRETS["dataKeys"][name]), salt, purpose) if name else None


def index(name):
    """Yields (leaf, pack name or None for zeros, offset, length and codec, hash)."""
    data = read("indexes", *name.split("/"))
    salt, key_name, leaf_bytes, page_count, _, tail_length, magic = struct.unpack("<16s32sIIII8s", data[-72:])
    tail = data[-tail_length:]
    if magic != b"SWFINDX1" or H(tail).hex() != name.split("/")[1]:
        fail(f"index {name} is damaged")
    at, sessions, packs = page_count * 52, [], []
    count, = struct.unpack_from("<I", tail, at); at += 4
    for _ in range(count):
        length, = struct.unpack_from("<H", tail, at)
        sessions.append(tail[at + 2:at + 2 + length].decode()); at += 2 + length
    count, = struct.unpack_from("<I", tail, at); at += 4
    for _ in range(count):
        session, digest = struct.unpack_from("<I32s", tail, at); at += 36
        packs.append(sessions[session] + "/" + digest.hex())
    key = key_of(key_name, salt, "swf-chunks-index-1")
    for number in range(page_count):
        _, _, offset, stored, plain, digest = struct.unpack_from("<IIIII32s", tail, number * 52)
        frame = data[offset:offset + (stored & 0xFFFFFF)]
        if H(frame) != digest:
            fail(f"index {name} is damaged in page {number}")
        if key:
            frame = open_gcm(key, struct.pack("<IQ", number, 0), frame, b"")
        page = unpack(stored >> 24, frame, plain)
        n, = struct.unpack_from("<I", page)
        leaves, places, offsets, lengths = (struct.unpack_from(f"<{n}I", page, 4 + i * 4 * n) for i in range(4))
        leaf, last, end = 0, None, 0
        for i in range(n):
            leaf = (leaf + leaves[i]) & 0xFFFFFFFF
            at = (offsets[i] + (end if places[i] == last else 0)) & 0xFFFFFFFF
            yield leaf, None if places[i] == 0xFFFFFFFF else packs[places[i]], at, lengths[i], page[4 + 16 * n + 32 * i:36 + 16 * n + 32 * i]
            last, end = places[i], at + (lengths[i] & 0xFFFFFF)


def pack(name, cache={}):
    """The pack's bytes, its key, and for each offset the frame's number and id."""
    if name not in cache:
        cache.clear()
        data = read("packs", *name.split("/"))
        salt, key_name, _, count, magic = struct.unpack("<16s32sII8s", data[-64:])
        tail = data[-64 - 40 * count:]
        if magic != b"SWFPACK1" or H(tail).hex() != name.split("/")[1]:
            fail(f"pack {name} is damaged in its tail")
        entries, offset = {}, 0
        for i in range(count):
            ident, stored = struct.unpack_from("<32sI", tail, 40 * i)
            entries[offset] = i, ident
            offset += stored & 0xFFFFFF
        cache[name] = data, key_of(key_name, salt, "swf-chunks-pack-1"), entries
    return cache[name]


def node(hashes):
    while len(hashes) > 1:
        odd = hashes[-1:] if len(hashes) % 2 else []
        hashes = [H(b"\1" + a + b) for a, b in zip(hashes[::2], hashes[1::2])] + odd
    return hashes[0]


def node_of(leaf, data, small_count, per_leaf):
    small = min(per_leaf, small_count - leaf * per_leaf)
    return node([H(data[i * 65536:(i + 1) * 65536]) for i in range(small)])


def restore(manifest, target):
    size, leaf_bytes = manifest["diskBytes"], manifest["leafBytes"]
    per_leaf, small_count = leaf_bytes // 65536, (size + 65535) // 65536
    leaf_count = (size + leaf_bytes - 1) // leaf_bytes
    records = {}
    for layer in manifest["layers"]:
        for name in layer["objects"]:
            for leaf, *rest in index(name):
                records[leaf] = rest
    zeros = {}
    hashes = []
    with open(target, "xb") as file:
        for leaf in range(leaf_count):
            small = min(per_leaf, small_count - leaf * per_leaf)
            name, offset, stored, digest = records.get(leaf, (None, 0, 0, b""))
            if name is None:
                if small not in zeros:
                    zeros[small] = node([H(bytes(65536))] * small)
                hashes.append(zeros[small])
                continue
            data, key, entries = pack(name)
            frame = data[offset:offset + (stored & 0xFFFFFF)]
            if key:
                number, ident = entries[offset]
                frame = open_gcm(key, struct.pack("<IQ", number, 0), frame, ident)
            leaf_data = frame and unpack(stored >> 24, frame, leaf_bytes)
            if not leaf_data or node_of(leaf, leaf_data, small_count, per_leaf) != digest:
                fail(f"pack {name} is damaged: {leaf_bytes} bytes at offset {leaf * leaf_bytes} of the disk cannot be had")
            file.seek(leaf * leaf_bytes)
            file.write(leaf_data[:size - leaf * leaf_bytes])
            hashes.append(digest)
        file.truncate(size)
    root = H(b"\2" + struct.pack(">Q", size) + node(hashes)).hex()
    if root != manifest["root"]:
        fail(f"the root is {root}, the manifest's is {manifest['root']}")
    print(root)


FOLDER, SNAPSHOT, TARGET, *KEY = sys.argv[1:]
SECRETS = None
if KEY:
    wrapped = text("key", None, "keys", KEY[0])
    master = hkdf(bytes.fromhex(KEY[1]), bytes.fromhex(wrapped["salt"]), "swf-chunks-keys-1")
    SECRETS = json.loads(open_gcm(master, bytes.fromhex(wrapped["nonce"]), bytes.fromhex(wrapped["secrets"]), KEY[0].encode()) or fail("the key does not fit"))
ends = sorted(s for s in os.listdir(os.path.join(FOLDER, "sessions")) if s.rsplit(".", 1)[0] == SNAPSHOT)
for session in ends:
    if not all(os.path.exists(os.path.join(FOLDER, "sessions", session, part)) for part in ("begin", "end")) or b'"end":"closed"' in read("sessions", session, "end"):
        continue
    manifest = text("end", SECRETS and bytes.fromhex(SECRETS["manifestKey"]), "sessions", session, "end")
    if manifest["session"] != session:
        fail("the manifest is of another session")
    restore(manifest, TARGET)
    sys.exit(0)
fail(f"there is no snapshot {SNAPSHOT}")
