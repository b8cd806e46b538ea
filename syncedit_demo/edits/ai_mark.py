"""What a result says of itself: that it is AI-edited, by what and when; signed where there is a certificate for it."""

from __future__ import annotations

import importlib
import json
import logging
from typing import TYPE_CHECKING, Any

from syncedit_demo.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.edits.record import RunRecord
    from syncedit_demo.settings import Settings

logger = logging.getLogger(__name__)

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's name of what was partly made by a trained model."""

PROGRAM = "SyncEdit Demo"


def described(record: RunRecord) -> dict[str, str]:
    """The tags of an mp4 that say it in words, to any player and any reader of metadata."""
    when = record.created
    said = (
        f"AI-edited: made by {record.engine.title} in {PROGRAM} {record.program} on {when:%Y-%m-%d at %H:%M} UTC "
        f"from a clip and one edited frame of it. Digital source type: {SOURCE_TYPE}"
    )
    return {"description": said, "date": when.isoformat().replace("+00:00", "Z")}


SIGNED_AS = {".mp4": "video/mp4", ".mov": "video/quicktime", ".gif": "image/gif", ".webp": "image/webp"}
"""What C2PA calls the files that it can be kept in, by their endings."""


class Signer:
    """Signs results as C2PA has it, so that who made them, and that nothing was changed since, can be checked.

    Args:
        certificate: The chain in PEM, the signer's own certificate first.
        key: The private key in PEM, without a password.

    Raises:
        SettingsError: They cannot be used, or the library is missing.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        try:
            # An extra, and a large one: it is looked for only where something is to be signed.
            self._c2pa: Any = importlib.import_module("c2pa")
        except ImportError as error:
            message = "SYNCEDIT_C2PA_CERTIFICATE is set, but c2pa-python is missing: pip install '.[c2pa]'."
            raise SettingsError(message) from error
        try:
            chain, secret = certificate.read_bytes(), key.read_bytes()
            info = self._c2pa.C2paSignerInfo(_algorithm(chain, secret), chain, secret, None)
            self._signer: Any = self._c2pa.Signer.from_info(info)
        except (OSError, ValueError, TypeError, self._c2pa.C2paError) as error:
            message = (
                "Results cannot be signed with SYNCEDIT_C2PA_CERTIFICATE and SYNCEDIT_C2PA_KEY: name a chain and its "
                f"private key, both PEM files ({error})."
            )
            raise SettingsError(message) from error

    def check(self, target: Path) -> None:
        """Refuse what cannot be signed before it is made.

        Raises:
            OutputError: Nothing can be signed in such a file.
        """
        if target.suffix.lower() not in SIGNED_AS:
            kinds = ", ".join(SIGNED_AS)
            reason = f"results are signed as AI-edited here, which such a file cannot be: choose one of {kinds}"
            raise OutputError(target, reason)

    def sign(self, source: Path, target: Path, record: RunRecord) -> None:
        """Write a signed copy of a file that can be signed.

        Args:
            source: The file.
            target: Where the copy is written.
            record: How it was made.

        Raises:
            SettingsError: It cannot be signed any more, as when the certificate has run out; or the disk is full.
        """
        action = {
            "action": "c2pa.edited",
            "when": record.created.isoformat().replace("+00:00", "Z"),
            "softwareAgent": {"name": PROGRAM, "version": record.program},
            "digitalSourceType": SOURCE_TYPE,
            "description": f"Made by {record.engine.title} from a clip and one edited frame of it.",
        }
        created = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}
        manifest = {
            "claim_generator_info": [{"name": PROGRAM, "version": record.program}],
            "title": target.name,
            "format": SIGNED_AS[target.suffix.lower()],
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created, action]}}],
        }
        try:
            with (
                self._c2pa.Builder(json.dumps(manifest)) as builder,
                source.open("rb") as read,
                target.open("w+b") as write,
            ):
                builder.sign(self._signer, SIGNED_AS[target.suffix.lower()], read, write)
        except self._c2pa.C2paError as error:
            logger.exception("a result cannot be signed")
            message = "The result cannot be signed as AI-edited, so it is not given out: tell whoever runs this."
            raise SettingsError(message) from error


def signer_of(settings: Settings) -> Signer | None:
    """What results are signed with, None where they are not.

    Raises:
        SettingsError: Something of it is missing or cannot be used.
    """
    certificate, key = settings.c2pa_certificate, settings.c2pa_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        message = "Signing takes both SYNCEDIT_C2PA_CERTIFICATE and SYNCEDIT_C2PA_KEY: set the other one too."
        raise SettingsError(message)
    return Signer(certificate, key)


def _algorithm(chain: bytes, key: bytes) -> bytes:
    """How the key of a certificate signs, by C2PA's name.

    Raises:
        ValueError: They are not in PEM, do not belong together, or are of a kind that nothing is signed with.
    """
    keys: Any = importlib.import_module("cryptography.hazmat.primitives.serialization")
    found: Any = keys.load_pem_private_key(key, None)
    certificates: Any = importlib.import_module("cryptography.x509").load_pem_x509_certificates(chain)
    if certificates[0].public_key() != found.public_key():
        message = "the key is not the certificate's"
        raise ValueError(message)
    curve = getattr(getattr(found, "curve", None), "name", "")
    kind = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}.get(curve)
    if kind is None:
        kind = {"RSAPrivateKey": b"ps256", "Ed25519PrivateKey": b"ed25519"}.get(type(found).__name__)
    if kind is None:
        message = "no kind of key that results can be signed with"
        raise ValueError(message)
    return kind
