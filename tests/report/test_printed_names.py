"""Names of others in what we print: each is one name, and all of it can be seen."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from provlabel._support.text import is_visible, printable, quoted
from provlabel.report import AccountInfo, IdentityInfo, LabelInfo, SignerInfo
from provlabel.report.renderers.words import label_words, who_words

DRAWN = (
    "Acme Records), issued by Acme Issuing CA        (",
    'Acme Records" ("Acme"), issued by "Acme CA',
    "Acme, provided by Google",
    "x\n  signer   Acme",
    "Acme\u00a0Records\u2028, issued by \u202eAC emcA",
)


@pytest.mark.parametrize("name", DRAWN)
def test_no_name_draws_a_second_field(name: str) -> None:
    signer = SignerInfo(
        name="mastering", organization=name, issuer=name, serial="", algorithm="", not_before="", not_after=""
    )
    identity = IdentityInfo(name=name, organization=name, roles=(), issuer="CA")
    account = AccountInfo(type="", provider=name, name="Ann", username=name, uri="", verified_at="")
    claimed = IdentityInfo(name="", organization="", roles=(), issuer=name, accounts=(account,))
    label = LabelInfo(
        source="org.provlabel.label", kind="ai_generated", words="made by AI",
        value={"systems": [{"name": name, "version": name}], "provider": {"name": name}},
    )  # fmt: skip
    for line, names in (
        (who_words(signer, sure=True), 3),
        (who_words(identity, sure=True), 2),
        (who_words(claimed, sure=True), 4),
        (label_words(label), 2),
    ):
        between = line.split('"')[::2]
        assert line.count('"') == 2 * names, line
        assert not any("Acme" in text or "Google" in text for text in between), line
        assert "  " not in line
        assert line.isprintable()


def test_spaces_are_one_and_quotes_are_shown() -> None:
    assert quoted("a    b") == '"a b"'
    assert quoted('a"b') == '"a\\u{22}b"'
    assert quoted("") == '""'


#: Letters, marks and symbols by Unicode, of which nothing is seen (most are Default_Ignorable_Code_Point).
UNSEEN = (
    "\u3164\u2800\u034f\ufe0f\ufe00\u115f\u1160\uffa0\u17b4\u180b"
    "\u200b\u200d\u2060\u202e\u2066\ufeff\U000e0041\U000e0100"
)


@pytest.mark.parametrize("ch", UNSEEN, ids=lambda ch: f"{ord(ch):x}")
def test_no_character_is_printed_that_nobody_sees(ch: str) -> None:
    assert printable(f"Acme{ch}Records") == f"Acme\\u{{{ord(ch):x}}}Records"
    assert ch not in quoted(f"Acme {ch} Records")


def test_whatever_is_named_a_filler_a_joiner_or_a_selector_is_shown() -> None:
    """But for marks of punctuation, which have a shape, and the symbol that stands for a blank."""
    hidden = ("FILLER", "VARIATION SELECTOR", "JOINER", "BLANK", "INVISIBLE", "ZERO WIDTH")
    found = [
        name
        for ch in map(chr, range(sys.maxunicode + 1))
        if any(word in (name := unicodedata.name(ch, "")) for word in hidden)
        and is_visible(ch)
        and unicodedata.category(ch) != "Po"
    ]
    assert found == ["BLANK SYMBOL"]


def test_honest_names_stay_as_they_are() -> None:
    for name in ("Zoë Müller & Söhne", "株式会社アクメ", "Ακμή", "아크메", "आक्मे", "🎵 Records"):
        assert printable(name) == name


def test_of_many_accounts_few_are_shown() -> None:
    account = AccountInfo(type="", provider="sounds", name="", username="ann", uri="", verified_at="")
    nobody = AccountInfo(type="", provider="sounds", name="", username="", uri="", verified_at="")
    claimed = IdentityInfo(name="", organization="", roles=(), issuer="I", accounts=(nobody, *[account] * 6))
    assert who_words(claimed, sure=True).startswith('somebody at "sounds", "ann" at "sounds", ')
    assert who_words(claimed, sure=True).endswith(' and 3 more, issued by "I"')
