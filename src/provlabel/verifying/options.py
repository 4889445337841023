"""How files are verified: one record for all that can be asked, and its keywords for type checkers.

A new option is a field of a record and of the keywords under it; functions, sessions and the command line take it from
there, and a test compares the two.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypedDict

from msgspec import Struct

from provlabel.policy import Enforced, Gate, Policy
from provlabel.trust.anchors import TrustStore
from provlabel.verifying.revocation import OFFLINE, Revocation

if TYPE_CHECKING:
    from provlabel.exchange.delivery import Delivery
    from provlabel.judges import Judge
    from provlabel.sandbox.cache import EvidenceCache
    from provlabel.sandbox.requests import AnySandbox


class VerifyOptions(Struct, frozen=True, kw_only=True):
    """How one file or many are verified.

    Args:
        trust: whose signatures count; without anchors nobody is trusted.
        policy: what each file must be to pass.
        personal: show the fields marked personal, if a label holds any.
        at: judge as of this time, which has a zone; the present when not given.
        revocation: where answers about revoked certificates may come from.
        laws: names of laws to hold it against, as ``provlabel verify --law`` takes them.
        as_of: judge by the laws of this day alone (UTC), whatever the day of the content; ``at`` changes nothing of it.
        second_opinion: have another verifier judge too (``docs/differences.md``).
        judges: checks of your own, each a :class:`~provlabel.Judge`.
        sandbox: where untrusted bytes are read, :class:`~provlabel.SandboxPool`; without, workers that this process
            shares, or those of the :class:`~provlabel.Verifier`.
    """

    trust: TrustStore = TrustStore()
    policy: Policy | Enforced | Gate = Policy()
    personal: bool = False
    at: dt.datetime | None = None
    revocation: Revocation = OFFLINE
    laws: Iterable[str] = ()
    as_of: dt.date | None = None
    second_opinion: bool = False
    judges: Sequence[Judge] = ()
    sandbox: AnySandbox | None = None


class SessionKeywords(TypedDict, total=False):
    """The fields of :class:`VerifyOptions` as keywords, but for the two that a session begins with."""

    personal: bool
    at: dt.datetime | None
    revocation: Revocation
    laws: Iterable[str]
    as_of: dt.date | None
    second_opinion: bool
    judges: Sequence[Judge]
    sandbox: AnySandbox | None


class VerifyKeywords(SessionKeywords, total=False):
    """The fields of :class:`VerifyOptions` as keywords."""

    trust: TrustStore
    policy: Policy | Enforced | Gate


class PathsOptions(VerifyOptions, frozen=True, kw_only=True):
    """What is asked for files and folders beside :class:`VerifyOptions`.

    Args:
        cache: evidence of earlier runs, for the same ``trust``.
        fail_fast: stop at the first file that fails, and count what was not reached.
        watch: is told after each path how many are done.
        against: the message that says what these files are; one for each run.
        as_found: judge of what is named only what would be judged below a folder: media that a policy is about.
    """

    cache: EvidenceCache | None = None
    fail_fast: bool = False
    watch: Callable[[int], None] | None = None
    against: Delivery | None = None
    as_found: bool = False


class PathsKeywords(VerifyKeywords, total=False):
    """The fields of :class:`PathsOptions` as keywords."""

    cache: EvidenceCache | None
    fail_fast: bool
    watch: Callable[[int], None] | None
    against: Delivery | None
    as_found: bool
