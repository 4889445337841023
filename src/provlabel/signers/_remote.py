"""A key that stays where it is: what the backends share that get signatures and never the key."""

from __future__ import annotations

from abc import ABC, abstractmethod

from provlabel.errors import SignerError
from provlabel.signers import _algorithms as algorithms
from provlabel.signers._base import Described

# No structure that anyone could take for a signed claim.
_TRIAL = b"provlabel: a trial signature, over no claim"


class RemoteSigner(Described, ABC):
    """A signer whose key is elsewhere; a backend adds ``sign``."""

    @abstractmethod
    def sign(self, data: bytes) -> bytes:
        """Return the signature over ``data``: ``r‖s`` or DER for EC, raw for others."""

    def check(self) -> None:
        """Check the certificate against the profile of C2PA, and by one trial signature that the key is its own.

        A trial also shows what a public key could not: that this user may sign.

        Raises:
            SignerError: a rule is broken, the key does not sign, or it belongs to another certificate.
        """
        from cryptography import x509

        from provlabel.signers import profile

        try:
            leaf = x509.load_pem_x509_certificate(self.chain_pem.encode())
        except ValueError as exc:
            raise SignerError(f"{self!r}: no certificate in PEM form") from exc
        profile.require(self.chain_pem, leaf, repr(self))
        if not algorithms.fits(leaf.public_key(), self.algorithm, self.sign(_TRIAL), _TRIAL):
            raise SignerError(
                f"{self!r}: the first certificate does not belong to this key",
                mend="the chain starts with the signer's own certificate; check that both belong together",
            )
