"""What comes from others: locked by hash, under licences that are known, named in a bill of materials."""

from __future__ import annotations

import datetime as dt
import importlib.metadata as metadata
import json
import subprocess
import sys
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.markers import Marker
from packaging.requirements import Requirement

import licences
import locked
import sbom
from project import ROOT

LOCK = locked.pins(locked.LOCK.read_text())
RUN_TIME = locked.at_run_time(LOCK)
NEEDED = set().union(*RUN_TIME.values())
#: Where it is promised to work: each has to get one version of each package.
PLACES = [
    {
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": system,
        "platform_machine": machine,
    }
    for python in ("3.10", "3.11", "3.12", "3.13", "3.14")
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
]


def asked() -> list[Requirement]:
    """What pyproject.toml with all extras, the build, and the list of development ask for."""
    build = locked.tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    return [
        Requirement(text)
        for text in (*build, *locked.development(), *(one for row in locked.requirements().values() for one in row))
    ]


# --- the lock --------------------------------------------------------------------------------------


def test_each_line_of_the_lock_has_its_hashes() -> None:
    text = locked.LOCK.read_text()
    assert len(LOCK) > 80
    for pin in LOCK:
        assert pin.sha256, f"{pin.name}: no hash"
        assert len(set(pin.sha256)) == len(pin.sha256)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    for line in ("evil==1.0\n", "--index-url x\n", "evil @ file:///tmp/x\n", "evil>=1.0 \\\n"):
        with pytest.raises(ValueError, match="line"):
            locked.pins(line + text)


@pytest.mark.parametrize("need", asked(), ids=str)
def test_the_lock_has_what_is_asked_for_in_its_range(need: Requirement) -> None:
    found = [pin for pin in LOCK if pin.name == locked.canonical(need.name)]
    fit = [need.specifier.contains(pin.version) for pin in found]
    assert any(fit), "run make lock"
    assert need.marker or all(fit), f"{[pin.version for pin in found]} are locked: run make lock"


def test_the_lock_was_made_from_what_is_asked_for() -> None:
    """Neither more nor less: who wants a package stands beside it."""
    by_us = {pin.name for pin in LOCK if locked.OURS in pin.via}
    assert by_us == {locked.named(text) for row in locked.requirements().values() for text in row}
    by_development = {pin.name for pin in LOCK if locked.DEVELOPMENT in pin.via}
    assert by_development == {locked.named(text) for text in locked.development()}
    assert all(pin.via for pin in LOCK)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(list(place.values())[1:]))
def test_each_place_gets_one_version(place: dict[str, str]) -> None:
    here = [pin.name for pin in LOCK if not pin.marker or Marker(pin.marker).evaluate(place)]
    assert len(here) == len(set(here))
    for need in asked():
        if need.marker is None or need.marker.evaluate({**place, "extra": ""}):
            assert locked.canonical(need.name) in here, need.name


def test_the_lock_keeps_extras() -> None:
    """Without them pip 23.0.1, which Python 3.10 and 3.11 ship, refuses the whole lock."""
    kept = {pin.name: pin.extras for pin in LOCK}
    wanted = [
        (found.name, need)
        for found in metadata.distributions()
        if locked.canonical(found.name) in kept
        for need in map(Requirement, found.requires or ())
        if need.extras and (need.marker is None or need.marker.evaluate({"extra": ""}))
    ]
    assert wanted, "coverage[toml] is wanted by pytest-cov"
    for by, need in wanted:
        assert need.extras <= kept[locked.canonical(need.name)], f"{by} wants {need}: run make lock"


def test_make_installs_by_hash() -> None:
    for page in ("Makefile", "README.md"):
        text = (ROOT / page).read_text()
        assert "install" in text
        assert text.count("-r requirements-dev.txt") == text.count("--require-hashes") > 0
        assert "--no-deps --no-build-isolation -e ." in text


# --- licences --------------------------------------------------------------------------------------


def missing() -> set[str]:
    """Packages of the lock that are not installed here; none where ``make test`` installed them."""
    names = {pin.name for pin in LOCK} - set(licences.ELSEWHERE)
    installed = {locked.canonical(found.name) for found in metadata.distributions()}
    return names - installed


def test_the_page_of_licences_is_complete() -> None:
    if missing():
        pytest.skip(f"not installed from the lock: {', '.join(sorted(missing()))}")
    assert licences.PAGE.read_text() == licences.page(LOCK), "run make licences"


def test_nothing_at_run_time_is_copyleft() -> None:
    rows = licences.PAGE.read_text().partition("## Development")[0].splitlines()
    said = dict(row.strip("| ").split(" | ")[:2] for row in rows if row.startswith("| ") and "licence" not in row)
    assert set(said) == NEEDED
    for name, licence in said.items():
        assert not licences.STRONG.search(licence), f"{name}: {licence}"
    weak = {name for name, licence in said.items() if licences.WEAK.search(licence)}
    assert weak == {"certifi"}, "said in docs/adr/0019-supply-chain.md"
    assert "mutagen" not in NEEDED
    assert licences.STRONG.search(licences.licence_of("mutagen")), "the test would see one"


@pytest.mark.parametrize("licence", ["GPL-2.0-or-later", "AGPL-3.0-only", "MIT AND GPL-3.0-only", "SSPL-1.0"])
def test_copyleft_is_seen(licence: str) -> None:
    assert licences.STRONG.search(licence)
    assert not licences.STRONG.search("LGPL-2.1-or-later")
    assert licences.WEAK.search("LGPL-2.1-or-later")


@pytest.mark.parametrize("extra", ["", *locked.requirements()])
def test_the_lock_knows_all_that_installed_packages_need(extra: str) -> None:
    """By their own metadata, which the lock was not read from here."""
    needed = licences.installed_at_run_time(extra) - {"provlabel"}
    assert len(needed) > 10
    assert needed <= RUN_TIME[""] | RUN_TIME[extra]
    assert "mutagen" not in needed


# --- the bill of materials -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    absent = missing() & NEEDED
    if absent:
        pytest.skip(f"not installed from the lock: {', '.join(sorted(absent))}")
    place = tmp_path_factory.mktemp("dist") / "provlabel.cdx.json"
    subprocess.run([sys.executable, ROOT / "release" / "sbom.py", place], check=True, capture_output=True)
    return dict(json.loads(place.read_text()))


def test_the_bill_is_valid_cyclonedx(document: dict[str, Any]) -> None:
    judge = JsonStrictValidator(SchemaVersion.V1_6)
    assert judge.validate_str(json.dumps(document)) is None
    document = {**document, "components": [{"name": "without a type"}]}
    assert judge.validate_str(json.dumps(document)) is not None, "the judge would see a fault"


def test_the_bill_names_all_that_may_be_loaded(document: dict[str, Any]) -> None:
    parts = document["components"]
    assert {(part["name"], part["version"]) for part in parts} == {
        (pin.name, pin.version) for pin in LOCK if pin.name in NEEDED
    }
    required = {part["name"] for part in parts if part["scope"] == "required"}
    assert required == RUN_TIME[""]
    hashes = {pin.version + pin.name: set(pin.sha256) for pin in LOCK}
    for part in parts:
        assert part["licenses"][0]["expression"]
        said = {one["content"] for one in part["externalReferences"][0]["hashes"]}
        assert said == hashes[part["version"] + part["name"]]
    refs = {part["bom-ref"] for part in parts} | {document["metadata"]["component"]["bom-ref"]}
    assert {row["ref"] for row in document["dependencies"]} == refs
    assert {ref for row in document["dependencies"] for ref in row["dependsOn"]} <= refs
    reached, waiting = set[str](), [document["metadata"]["component"]["bom-ref"]]
    below = {row["ref"]: row["dependsOn"] for row in document["dependencies"]}
    while waiting:
        ref = waiting.pop()
        reached.add(ref)
        waiting += set(below[ref]) - reached
    assert reached == refs, "each is there because somebody wants it"


def test_the_bill_is_the_same_twice() -> None:
    if missing() & NEEDED:
        pytest.skip("not installed from the lock")
    moment = dt.datetime(2026, 11, 22, tzinfo=dt.timezone.utc)
    text = locked.LOCK.read_text()
    assert json.dumps(sbom.bill(text, moment)) == json.dumps(sbom.bill(text, moment))
    assert sbom.bill(text + "# x\n", moment)["serialNumber"] != sbom.bill(text, moment)["serialNumber"]
