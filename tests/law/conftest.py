"""Files for the rules of laws, each made once."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

import pytest

import pki
import tsa
from laws import LawFiles
from provlabel import TrustStore
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from provlabel.trust.timestamps import Timestamper


@pytest.fixture(scope="session")
def law_files(
    signer: Signer, trust: TrustStore, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LawFiles]:
    with contextlib.ExitStack() as stack:

        @functools.cache
        def clock() -> Timestamper:
            authority = tsa.Authority(tmp_path_factory.mktemp("clock"), pki.root("Clock Root"))
            url, _ = stack.enter_context(tsa.serving(authority))
            return Timestamper(urls=(url,))

        yield LawFiles(signer, trust, sandbox, clock)
