"""Harnesses of what people and their systems write: labels, policies, tables, messages, databases, URIs, anchors."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

import seeds
from _harness import Harness
from provlabel.batch.jobs import Labels, Wanted, place_of, wanted_in
from provlabel.batch.ledger import Ledger
from provlabel.errors import ConfigError, InputError, LabelError, OutputError, SignerError, TimestampError, UsageError
from provlabel.exchange.delivery import Delivery
from provlabel.exchange.ern import read_message
from provlabel.exchange.table import Row, dump_csv, dump_jsonl, load_csv, load_jsonl
from provlabel.label import label_from_dict
from provlabel.label.lint import fixed, lint
from provlabel.label.loading import read_plain
from provlabel.labeling.receipts import Receipts
from provlabel.law import judge_law, load_laws
from provlabel.law.subjects import subject_of_label
from provlabel.policy import load_policy
from provlabel.policy.baseline import load_baseline
from provlabel.policy.globs import matches
from provlabel.sandbox.cache import EvidenceCache, Key
from provlabel.signers import awskms, cmd, https, material, pkcs11
from provlabel.signers.certificates import parse
from provlabel.trust.anchors import TrustStore
from provlabel.trust.chains import examine, examine_stamp
from provlabel.trust.chains.records import Answers, ClaimStamp, Credential
from provlabel.trust.timestamps import checked

AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.timezone.utc)


@functools.cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(dir=seeds.folder()))


def _at(name: str, data: bytes) -> Path:
    """Write an input where its reader finds it."""
    path = _folder() / name
    path.write_bytes(data)
    return path


# --- labels and policies ---------------------------------------------------------------------------


def _label(suffix: str, data: bytes) -> None:
    """A label is read, or every fault of it is told; what can be fixed has fewer faults afterwards."""
    plain = read_plain(_at(f"label{suffix}", data))
    faults = lint(plain)
    msgspec.json.encode(faults)
    if any(fault.fix is not None for fault in faults):
        assert len(lint(fixed(plain, faults))) <= len(faults) + 5
    errors = [fault for fault in faults if fault.level == "error"]
    try:
        label = label_from_dict(plain)
    except LabelError:
        assert errors, "a label is refused, and lint finds nothing wrong with it"
        return
    assert label_from_dict(msgspec.to_builtins(label)) == label, "written and read again it is another label"
    judge_law(subject_of_label(plain, "audio"), load_laws(("eu", "cn")), AT)


def policy(data: bytes) -> None:
    """A policy is put in force, or refused."""
    loaded = load_policy(_at("provlabel.toml", data))
    msgspec.json.encode(loaded.enforced.policy)


def glob(data: bytes) -> None:
    """Whether a pattern means a path is known at once."""
    pattern, _, path = data.decode("utf-8", "replace").partition("\n")
    matches(pattern, path)


def settings(data: bytes) -> None:
    """Settings of a user name a signer, or are refused."""
    from provlabel.cli import _signing

    at = _folder() / "config" / "provlabel"
    at.mkdir(parents=True, exist_ok=True)
    (at / "config.toml").write_bytes(data)
    os.environ["XDG_CONFIG_HOME"] = str(_folder() / "config")
    found = _signing._configured_signer()
    assert found is None or found


def baseline(data: bytes) -> None:
    """A baseline is a report of ours, or refused."""
    load_baseline(_at("baseline.json", data))


def receipt(data: bytes) -> None:
    """A receipt is what its schema says, or refused."""
    msgspec.json.decode(data, type=Receipts)


# --- tables and messages ---------------------------------------------------------------------------


def _same(one: tuple[Row, ...], two: tuple[Row, ...]) -> bool:
    """Is what fits the schema of a label in both, and the same?  No promise is made about the rest."""
    return len(one) == len(two) and all(
        row.path == other.path and (row.label == other.label or not _is_label(row.label))
        for row, other in zip(one, two, strict=True)
    )


def _is_label(plain: Any) -> bool:
    try:
        label_from_dict(plain)
    except LabelError:
        return False
    return True


def csv(data: bytes) -> None:
    """A table is read; what was read is written, and read as the same."""
    table = load_csv(data)
    again = load_csv(dump_csv(table.rows))
    assert not again.faults, "a table that we wrote has faults"
    assert _same(table.rows, again.rows), "written and read again it says something else"


def jsonl(data: bytes) -> None:
    """The same for lines of JSON."""
    table = load_jsonl(data)
    again = load_jsonl(dump_jsonl(table.rows))
    assert not again.faults
    assert _same(table.rows, again.rows)


def _jobs(form: Any, data: bytes) -> None:
    """A list of jobs gives jobs and faults; no output lies outside of the folder for outputs."""
    labels = Labels(None, {})
    for found in wanted_in(io.BytesIO(data), "jobs", form, Path("/out")):
        if isinstance(found, Wanted):
            place_of(found.source)
            if not found.label_path:
                labels.of(found)
            assert os.path.isabs(found.output)
            assert b"/../" not in place_of(found.output)


def message(data: bytes) -> None:
    """A message is read, and files are held against it."""
    found = read_message(data, "ern.xml")
    delivery = Delivery(found, "ern.xml", lambda path, wanted: dict.fromkeys(wanted, "ab" * 32))
    msgspec.json.encode(delivery.findings(_report()))
    msgspec.json.encode(list(delivery.missing()))


@functools.cache
def _report() -> Any:
    import statements
    from provlabel.verifying.options import VerifyOptions
    from provlabel.verifying.tally import file_report

    return file_report("a.wav", seeds.evidence(), VerifyOptions(trust=seeds.trust()), (statements._GATE,), AT)


# --- databases -------------------------------------------------------------------------------------


def ledger(data: bytes) -> None:
    """A ledger of somebody else's making is used, or refused and left as it is."""
    path = _at("batch.ledger", data)
    path.chmod(0o600)
    for beside in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    with Ledger(path) as opened:
        assert opened.is_new in (True, False)
        opened.run = 1
        list(opened.listed_jobs())
        opened.take(10, 1e12)
        opened.is_over()
        msgspec.json.encode([opened.counts(), opened.failures(5), opened.warnings(5)])
        opened.write_receipts(_folder() / "receipts.jsonl")


def cache(data: bytes) -> None:
    """A cache with anything in it gives evidence or nothing."""
    import statements

    at = _folder() / "cache"
    at.mkdir(exist_ok=True, mode=0o700)
    place = at / "evidence.sqlite"
    place.write_bytes(data)
    place.chmod(0o600)
    for beside in ("-wal", "-shm", "-journal"):
        place.with_name(place.name + beside).unlink(missing_ok=True)
    with EvidenceCache(at, seeds.trust(), AT) as opened:
        opened._prefix = b"fuzz"
        found = opened.get(_KEY)
    if found is not None:
        statements._judged(found, whole=False)


def entry(data: bytes) -> None:
    """An entry is evidence or nothing; ``data`` begins with the type in which it lies in the database."""
    import statements

    at = _folder() / "entry"
    kind, value = data[:1], data[1:]
    stored: Any = value if kind < b"\x80" else value.decode("latin-1") if kind < b"\xc0" else len(value)
    with EvidenceCache(at, seeds.trust(), AT) as opened:
        opened._prefix = b"fuzz"
        when: Any = "x" if kind == b"\x7f" else opened._now
        row = (opened._place(_KEY), when, stored)
        opened._database.execute("INSERT OR REPLACE INTO evidence VALUES (?, ?, ?)", row)
        found = opened.get(_KEY)
    if found is not None:
        statements._judged(found, whole=False)


_KEY = Key("00", "", "mark")


# --- credentials -----------------------------------------------------------------------------------


def credential(data: bytes) -> None:
    """Chain, answers and anchors of any content are judged; the first byte says which of them this one is."""
    kind, der = data[:1], data[1:]
    leaf, middle, root = seeds.chain()
    response, crl = seeds.answers()
    chain: tuple[bytes, ...] = (leaf, middle)
    ocsp, lists, anchors = (response,), (crl,), (root,)
    if kind == b"l":
        chain = (der, middle)
    elif kind == b"m":
        chain = (leaf, der)
    elif kind == b"o":
        ocsp = (der,)
    elif kind == b"c":
        lists = (der,)
    else:
        anchors = (der,)
    given = Credential(chain, ocsp)
    found = examine(given, anchors, ("1.3.6.1.4.1.62558.2.1",), AT, Answers(ocsp, lists), now=AT, nonce=b"n" * 16)
    msgspec.json.encode(found)
    if found.path == "trusted" and kind == b"l":
        assert der == leaf, "another certificate is trusted"


def anchors(data: bytes) -> None:
    """A list of anchors is one of certificates, or refused."""
    store = TrustStore.load(_at("anchors.pem", data))
    store.settings()
    store.named(AT)


def certificates(data: bytes) -> None:
    """Certificates of a signer are read, or refused."""
    parse(data.decode("latin-1"), "fuzz")
    material.certificates(data.decode("latin-1"))


def timestamp(data: bytes) -> None:
    """An answer of a time authority is the one to our question, or refused."""
    found = checked(data, seeds.MESSAGE, seeds.NONCE, dt.datetime.now(dt.timezone.utc), "http://tsa.example")
    msgspec.json.encode(found)


def claim_stamp(data: bytes) -> None:
    """A timestamp over a claim holds, or it is said why not; no other time than the one that was stamped is proven."""
    found = examine_stamp(data, seeds.MESSAGE, (seeds.clock_root(),))
    assert (found.state == "bad") == bool(found.why and not found.time)
    assert found.state != "good" or found == _honest_stamp(), "a token was changed and proves another time"


@functools.cache
def _honest_stamp() -> ClaimStamp:
    return examine_stamp(seeds.reply(), seeds.MESSAGE, (seeds.clock_root(),))


def uri(data: bytes) -> None:
    """What a key URI says is read; nothing is opened, run or asked."""
    text = data.decode("utf-8", "replace")
    path, _, query = text.partition("?")
    readers: tuple[Callable[[], object], ...] = (
        lambda: material.options(query, "file", ("chain", "alg")),
        lambda: material.seconds(query, 1),
        lambda: pkcs11._place(path),
        lambda: https._address(text),
        lambda: cmd._split(text),
        lambda: awskms._region_in(text),
    )
    for read in readers:
        with contextlib.suppress(ConfigError):
            read()


# --- the table -------------------------------------------------------------------------------------


def _labels(suffix: str) -> Iterator[bytes]:
    if suffix == ".toml":
        yield from (path.read_bytes() for path in sorted((seeds.ROOT / "samples" / "labels").glob("*.toml")))
        return
    yield msgspec.json.encode(seeds.LABEL)


def _policies() -> Iterator[bytes]:
    yield b'schema = "policy-v1"\n[files]\ninclude = ["**/*.jpg"]\n[[exceptions]]\npath = "a/"\nrule = "policy.*"\n'
    yield (
        b'schema = "policy-v1"\nkinds = ["ai_generated"]\n[[exceptions]]\npath = "legacy/"\nrule = "policy.*"\n'
        b'reason = "old"\nowner = "a@b.example"\nexpires = 2099-12-31\n'
    )


def _baselines() -> Iterator[bytes]:
    import statements
    from provlabel.report.renderers import RENDERERS, Extras
    from provlabel.verifying.options import PathsOptions
    from provlabel.verifying.tally import Tally

    tally = Tally(statements._GATE, (statements._GATE,), PathsOptions(trust=seeds.trust()), AT)
    tally.add("a.jpg", seeds.evidence())
    yield RENDERERS["json"].render(tally.report((), ()), Extras()).encode()


def _tables() -> Iterator[bytes]:
    row = Row("a.wav", dict(seeds.LABEL))
    yield dump_csv([row, row._replace(path="b.wav")])
    yield b'path;kind;output\r\na.wav;ai_generated;"b;c.wav"\r\n'


def _lines() -> Iterator[bytes]:
    yield dump_jsonl([Row("a.wav", dict(seeds.LABEL))])
    yield b'a.wav\n{"path": "b.wav", "output": "c.wav", "label": {"kind": "human_made"}}\n'


_ERN = """<?xml version="1.0"?><ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/432"><PartyList><Party>
<PartyReference>P1</PartyReference><PartyName><FullName>Ann</FullName></PartyName><PartyId><ISNI>0000000121032683</ISNI>
</PartyId></Party></PartyList><ResourceList><SoundRecording><ResourceReference>A1</ResourceReference>
<ResourceId><ISRC>GBABC2600001</ISRC></ResourceId><DisplayTitleText>Dawn</DisplayTitleText><ContainsAI>true</ContainsAI>
<Contributor><ContributorPartyReference>P1</ContributorPartyReference><Role>Composer</Role></Contributor>
<TechnicalDetails><File><URI>a.wav</URI><HashSum><Algorithm>MD5</Algorithm><HashSumValue>00</HashSumValue></HashSum>
</File></TechnicalDetails></SoundRecording></ResourceList></ern:NewReleaseMessage>"""


def _ledgers() -> Iterator[bytes]:
    path = seeds.folder() / "seed.ledger"
    path.unlink(missing_ok=True)
    with Ledger(path) as made:
        made._database.execute("PRAGMA journal_mode = DELETE")
        made._database.execute("INSERT INTO labels VALUES (x'00', '{}')")
        made._database.execute(
            "INSERT INTO jobs (number, place, source, output, label, digest, urn, state, run, attempts, tries, due, "
            "receipt) VALUES (1, x'2f61', x'2f62', x'2f61', x'00', x'00', 'urn:x', 'done', 1, 1, 1, 0, "
            "'{\"warnings\": [\"w\"]}'), (2, x'2f63', x'2f62', x'2f61', x'00', x'00', 'urn:y', 'waiting', 1, 0, 0, 0, "
            "NULL), (3, x'2f64', x'2f62', x'2f61', x'00', x'00', 'urn:z', 'failed', 1, 0, 0, 0, NULL)"
        )
    yield path.read_bytes()


def _caches() -> Iterator[bytes]:
    at = seeds.folder() / "seed-cache"
    with EvidenceCache(at, seeds.trust(), AT) as made:
        made._prefix = b"fuzz"
        made._kept.append((made._place(_KEY), made._now, msgspec.msgpack.encode(seeds.evidence())))
    yield (at / "evidence.sqlite").read_bytes()


def _entries() -> Iterator[bytes]:
    value = msgspec.msgpack.encode(seeds.evidence())
    yield from (kind + value for kind in (b"\0", b"\x7f", b"\x90", b"\xc0"))
    yield b"\0" + b"\x81\xa9manifests\x91\x82\xa3urn\xa1x\xa5label" + b"\x91" * 2_000 + b"\x01"


def _credentials() -> Iterator[bytes]:
    leaf, middle, root = seeds.chain()
    response, crl = seeds.answers()
    yield from (b"l" + leaf, b"m" + middle, b"r" + root, b"o" + response, b"c" + crl)


def _anchors() -> Iterator[bytes]:
    yield b"".join(map(seeds.pem, seeds.chain()))


def _replies() -> Iterator[bytes]:
    yield seeds.reply()


def _receipts() -> Iterator[bytes]:
    yield b'{"receipts": [{"output": "a", "format": "PNG", "manifest": "urn:x", "manifest_bytes": 1, "source_sha256": '
    yield b'{"schema": "receipt-v1", "receipts": [], "errors": []}'


def _text(*texts: str | bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: (text if isinstance(text, bytes) else text.encode() for text in texts)


_JSON = (b'{"', b'":', b"null", b"[[", b"1e999", b"\\ud800", b"\\u0000", b"NaN", b'"kind"')
_TOML = (b"[[", b"]]", b" = ", b".a" * 40, b"1979-05-27", b"inf", b"'''", b'"""', b"\\ud800")
_URIS = (
    "pkcs11:token=Acme;object=key?module-path=/a.so&pin-source=file:/b", "https://kms.example/key#auth=bearer",
    "cmd:./sign --x 'a b'?alg=es256&chain=c.pem", "awskms:arn:aws:kms:eu-west-1:1:key/x?chain=c.pem", "file:a%20b",
)  # fmt: skip


def harnesses() -> dict[str, Harness]:
    """Return them by name."""
    config = (ConfigError, InputError)
    names = ("label-json", ".json", _JSON), ("label-toml", ".toml", _TOML)
    labels = {
        key: Harness(
            functools.partial(_label, suffix),
            functools.partial(_labels, suffix),
            words,
            (LabelError, InputError),
        )
        for key, suffix, words in names
    }
    jobs = {
        f"jobs-{form}": Harness(functools.partial(_jobs, form), made, words, (UsageError,))
        for form, made, words in (("csv", _tables, (b"output", b'"', b"../")), ("jsonl", _lines, _JSON))
    }
    return {
        **labels,
        **jobs,
        "policy": Harness(policy, _policies, _TOML, config),
        "glob": Harness(
            glob, _text("**/*.jpg\na/b.jpg", "a[!b]?\nac1", "*" * 30 + "b\n" + "a" * 90), (b"**/",), (), cost=1
        ),
        "settings": Harness(settings, _text('signer = "test"', "signer = 1"), _TOML, config, max_len=512, cost=1),
        "baseline": Harness(baseline, _baselines, _JSON, config),
        "receipts": Harness(receipt, _receipts, _JSON, (ValueError,), max_len=512, cost=1),
        "csv": Harness(csv, _tables, (b"systems.0.name", b'"', b"'=", b"\xef\xbb\xbf", b"identifiers.isrc")),
        "jsonl": Harness(jsonl, _lines, _JSON, cost=1),
        "ern": Harness(message, _text(_ERN), (b"<HashSum>", b"ern/382", b"&amp;", b"<URI>"), config),
        "ledger": Harness(ledger, _ledgers, (b"waiting", b"CREATE", b"SELECT"), (ConfigError, OutputError), 65_536, 20),
        "cache": Harness(cache, _caches, (b"CREATE TABLE",), (ConfigError,), 32_768, 20),
        "entry": Harness(entry, _entries, (b"\x81", b"\xdf\xff\xff\xff\xff", b"\xc1"), (), cost=20),
        "credential": Harness(credential, _credentials, (b"\x30\x82", b"\x05\0"), (), 1_024, cost=8),
        "anchors": Harness(anchors, _anchors, (b"-----BEGIN CERTIFICATE-----", b"-----END"), config),
        "certificates": Harness(
            certificates, _anchors, (b"-----BEGIN CERTIFICATE-----",), (ConfigError, SignerError), cost=1
        ),
        "claim-stamp": Harness(claim_stamp, _replies, (b"\x30\x82", b"\x02\x01\0"), (), 2_048),
        "timestamp": Harness(timestamp, _replies, (b"\x30\x82", b"\x02\x01\0"), (TimestampError,), 2_048),
        "uri": Harness(uri, _text(*_URIS), (b"%00", b"[::1]", b"@", b"\\"), (), 256, cost=1),
    }
