"""The certificates that manifests are signed with: made by the installation for itself, kept sealed.

An authority of its own signs the certificate of a signer (ES256), and that signs manifests. Nobody outside
vouches for it: whoever wants to check a file elsewhere takes the authority's certificate from this instance,
and trusts it. A signer signs for a year and is valid for ten, as no manifest has a time stamp from the net:
what it signed on its last day can be checked for nine years more.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import select, text

from voicewright.provenance.models import ProvenanceKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.storage.sealing import Cipher

Role = Literal["authority", "signer"]

SIGNS_FOR: Final = timedelta(days=365)
SIGNER_VALID: Final = timedelta(days=3650)
AUTHORITY_VALID: Final = timedelta(days=2 * 3650)
ORGANISATION: Final = "Voicewright"
_EARLIER: Final = timedelta(hours=1)
"""Clocks differ: a certificate is valid a little before it was made."""
_LOCK: Final = 0x70726F76_6B657973
"""The advisory lock under which certificates are made: "prov", "keys"."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a manifest is signed with."""

    instance_id: uuid.UUID
    chain_pem: str
    """The signer's certificate, then the authority's."""
    key_pem: bytes
    renewed_at: datetime
    """From then on another signer signs."""


class Certificates:
    """The certificates of one installation, seen from one process; safe for threads and processes.

    Args:
        database: open.
        cipher: seals the private halves; asked for when it is first needed.
        clock: the time.
    """

    def __init__(
        self,
        database: Database,
        cipher: Callable[[], Cipher],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._clock = clock
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None

    def credentials(self) -> Credentials:
        """What to sign with now; made where there is nothing, and where it is too old.

        Raises:
            SealBroken: the row was changed.
        """
        with self._lock:
            known = self._credentials
            if known is None or known.renewed_at <= self._clock():
                with self._database.session() as session:
                    known = self._credentials = self._open(session)
            return known

    def instance_id(self) -> uuid.UUID:
        """Of this installation; made when it is first asked for."""
        return self.credentials().instance_id

    def authority_pem(self) -> str:
        """The certificate that others have to trust, to check what this instance signed."""
        self.credentials()
        with self._database.session() as session:
            return self._newest(session, "authority").certificate_pem

    def anchors_pem(self) -> str:
        """The certificates of all authorities that there were, one after another; none: an empty text."""
        query = select(ProvenanceKey.certificate_pem).where(ProvenanceKey.role == "authority")
        with self._database.session() as session:
            return "".join(session.scalars(query.order_by(ProvenanceKey.created_at)))

    def _open(self, session: Session) -> Credentials:
        signer = self._find(session, "signer")
        if signer is None or self._is_due(signer):
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            signer = self._find(session, "signer")  # another process may have been faster
            if signer is None or self._is_due(signer):
                signer = self._add_signer(session)
        authority = self._authority_of(session, signer)
        return Credentials(
            instance_id=signer.instance_id,
            chain_pem=signer.certificate_pem + authority.certificate_pem,
            key_pem=self._private(signer),
            renewed_at=signer.created_at + SIGNS_FOR,
        )

    def _add_signer(self, session: Session) -> ProvenanceKey:
        now = self._clock()
        authority = self._find(session, "authority")
        if authority is None or authority.expires_at < now + SIGNER_VALID:
            authority = self._add_authority(session, authority)
        key = ec.generate_private_key(ec.SECP256R1())
        above = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
        above_key = load_pem_private_key(self._private(authority), password=None)
        assert isinstance(above_key, ec.EllipticCurvePrivateKey)  # noqa: S101 - made below
        made = (
            _draft(f"Speech of instance {authority.instance_id}", key, now, now + SIGNER_VALID)
            .issuer_name(above.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs="content"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above_key.public_key()), False)
            .sign(above_key, hashes.SHA256())
        )
        return self._enter(session, "signer", authority.instance_id, made, key)

    def _add_authority(self, session: Session, previous: ProvenanceKey | None) -> ProvenanceKey:
        now = self._clock()
        instance_id = uuid.uuid4() if previous is None else previous.instance_id
        key = ec.generate_private_key(ec.SECP256R1())
        draft = _draft(f"Instance {instance_id}", key, now, now + AUTHORITY_VALID)
        made = (
            draft.issuer_name(_name(f"Instance {instance_id}"))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs="certificates"), critical=True)
            .sign(key, hashes.SHA256())
        )
        return self._enter(session, "authority", instance_id, made, key)

    def _enter(
        self,
        session: Session,
        role: Role,
        instance_id: uuid.UUID,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
    ) -> ProvenanceKey:
        row = ProvenanceKey(
            id=uuid.uuid4(),
            instance_id=instance_id,
            role=role,
            certificate_pem=certificate.public_bytes(Encoding.PEM).decode(),
            created_at=self._clock(),
            expires_at=certificate.not_valid_after_utc,
        )
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        row.sealed_key = b"".join(self._cipher().seal([pem], _sealed_name(row)))
        session.add(row)
        session.flush()
        return row

    def _private(self, row: ProvenanceKey) -> bytes:
        return b"".join(self._cipher().open([row.sealed_key], _sealed_name(row)))

    def _is_due(self, signer: ProvenanceKey) -> bool:
        return signer.created_at + SIGNS_FOR <= self._clock()

    def _find(self, session: Session, role: Role) -> ProvenanceKey | None:
        newest = ProvenanceKey.created_at.desc()
        return session.scalar(
            select(ProvenanceKey).where(ProvenanceKey.role == role).order_by(newest).limit(1)
        )

    def _newest(self, session: Session, role: Role) -> ProvenanceKey:
        found = self._find(session, role)
        assert found is not None  # noqa: S101 - made with the first credentials, and never deleted
        return found

    def _authority_of(self, session: Session, signer: ProvenanceKey) -> ProvenanceKey:
        """The one that was there when the signer was made."""
        query = select(ProvenanceKey).where(
            ProvenanceKey.role == "authority", ProvenanceKey.created_at <= signer.created_at
        )
        return session.scalars(query.order_by(ProvenanceKey.created_at.desc()).limit(1)).one()


def _draft(
    name: str, key: ec.EllipticCurvePrivateKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _usage(*, signs: Literal["content", "certificates"]) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs == "content",
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs == "certificates",
        crl_sign=signs == "certificates",
        encipher_only=False,
        decipher_only=False,
    )


def _sealed_name(row: ProvenanceKey) -> str:
    """What a private half can only be opened as."""
    return f"provenance-key/{row.id}"
