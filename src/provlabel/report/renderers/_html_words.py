"""What the verdict means, in the words of somebody who is no engineer; ``docs/verdict.md`` has the exact ones."""

from __future__ import annotations

from typing import NamedTuple

from provlabel.report import Outcome, State

#: What became of a file, and the sign for it.
OUTCOME_WORDS: dict[Outcome, tuple[str, str]] = {
    "failed": ("Did not pass", "bad"),
    "known": ("Known problem", "warn"),
    "excepted": ("Excepted", "warn"),
    "passed": ("Passed", "ok"),
}
OUTCOME_GROUPS: dict[Outcome, str] = {
    "failed": "Did not pass",
    "known": "Known to the baseline: does not count, and is not solved",
    "excepted": "Passed by an exception only",
    "passed": "Passed",
}
STATE_LOOKS: dict[State, str] = {
    "trusted": "ok",
    "valid": "warn",
    "invalid": "bad",
    "unsigned": "warn",
    "remote": "warn",
    "unreadable": "bad",
}
#: What nobody may read into a state.
CAVEATS: dict[State, str] = {
    "trusted": "That does not make it true: it means that the signer said so, and that nothing was changed since.",
    "valid": "Anybody can sign under any name. Take everything below as a claim until you know who it comes from.",
    "invalid": "That does not mean that the original is false: this copy was changed, or its signature does not hold.",
    "unsigned": "Most programs lose labels when they save a file, and many works of AI never had one.",
    "remote": "Whether there is a label, and whether it fits this file, is not known.",
    "unreadable": "This says nothing about AI, neither yes nor no.",
}


class Axis(NamedTuple):
    """One question about a file, and for each answer a sign and what it means."""

    question: str
    answers: dict[str, tuple[str, str]]


AXES: dict[str, Axis] = {
    "content": Axis(
        "Is it still what was signed?",
        {
            "intact": ("ok", "Nothing that is seen or heard was changed since."),
            "altered": ("bad", "The content, or a signed statement about it, was changed afterwards."),
            "not-fully-bound": ("bad", "The signature covers too little of it, or breaks a rule."),
            "unreadable": ("bad", "It could not be read."),
            "not-applicable": ("info", "There is no signature to compare it with."),
        },
    ),
    "label": Axis(
        "Does it say what AI did?",
        {
            "present": ("ok", "There is a label."),
            "none": ("warn", "There is no label. That does not mean that no AI was used."),
            "unknown-value": ("bad", "The label uses a word that no vocabulary knows."),
            "contradictory": ("bad", "Statements inside it contradict each other."),
            "inherited": ("ok", "An earlier version says that AI took part."),
            "contains": ("warn", "A part of it says that AI took part."),
            "unvouched": ("warn", "Some of it the signer only passes on; it is not attributed to the signer."),
            "remote-only": ("warn", "It names a place on the network, which was not visited."),
        },
    ),
    "signer": Axis(
        "Do you know who signed?",
        {
            "trusted": ("ok", "Somebody on your lists vouches for the signer."),
            "unknown": ("warn", "Nobody on your lists vouches for the signer. The name is a claim."),
            "no-anchors": ("warn", "No list of those you trust was given, so this was not judged."),
            "bad-signature": ("bad", "The signature is missing or does not hold, or its certificate may not make any."),
            "expired": ("bad", "The certificate has ended, and nothing proves that it was signed before."),
            "not-yet-valid": ("bad", "The certificate was not valid yet."),
            "revoked": ("bad", "The certificate was withdrawn."),
            "not-applicable": ("info", "Nobody signed."),
        },
    ),
    "time": Axis(
        "Is the time of signing proven?",
        {
            "proven": ("ok", "A time authority on your lists confirms it."),
            "claim-proven": (
                "warn",
                "A time authority on your lists confirms that the claim existed then, not that it was signed then.",
            ),
            "claimed": ("warn", "A time is stated, and nothing that you trust proves it."),
            "none": ("info", "No time is stated."),
        },
    ),
    "revocation": Axis(
        "Was the signer’s certificate withdrawn?",
        {
            "good": ("ok", "No: its issuer says that it stands."),
            "revoked": ("bad", "Yes: its issuer has withdrawn it."),
            "not-checked": ("info", "Not known: no answer from its issuer is at hand."),
        },
    ),
    "history": Axis(
        "Does what it was made from hold?",
        {
            "clean": ("ok", "Every earlier version and every part holds."),
            "broken": ("bad", "An earlier version or a part was altered, badly signed, or cannot be read."),
            "unknown-signer": ("warn", "Nobody on your lists vouches for the signer of an earlier version or a part."),
            "none": ("info", "No earlier versions or parts are named."),
        },
    ),
    "identity": Axis(
        "Does anybody else stand for it?",
        {
            "ok": ("ok", "Yes, and somebody on your lists vouches for who that is."),
            "bad": ("bad", "Somebody is named, and that does not hold."),
            "not-checked": ("warn", "Somebody is named; who that is, is a claim."),
            "none": ("info", "Nobody is named beside the signer."),
        },
    ),
}
#: A step of the history: its sign, and what it means.
HISTORY_WORDS: dict[str, tuple[str, str]] = {
    "clean": ("ok", "holds"),
    "broken": ("bad", "does not hold"),
    "unknown-signer": ("warn", "unchanged; signer not known to you"),
    "no-provenance": ("info", "came without a label"),
}
#: The same of the file itself, which is the first step of its history.
STATE_WORDS: dict[State, str] = {
    "trusted": "holds",
    "valid": "unchanged; signer not known to you",
    "invalid": "does not hold",
    "unsigned": "came without a label",
    "remote": "its label was not fetched",
    "unreadable": "could not be read",
}
EXTENT_WORDS: dict[str, tuple[str, str]] = {
    "All": ("ai", "made by AI"),
    "Partly": ("partly", "partly made by AI"),
    "None": ("human", "made by people"),
}
LEVEL_WORDS: dict[str, tuple[str, str]] = {
    "error": ("bad", "Error"),
    "warning": ("warn", "Warning"),
    "note": ("info", "Note"),
}
POLICY_SOURCES: dict[str, str] = {
    "default": "built in",
    "given": "given on the command line",
    "extended": "extended by the one before",
    "found": "found in the repository; may only be stricter",
    "option": "asked for by an option of the command line",
}
