"""Copies of footage in its owner's vault, sealed with age (https://age-encryption.org/v1) to the owner's key.

A recorder's bytes are sealed as they come: nothing of them is written in the clear. Where an agency has no key of its
own the broker makes one for it, and whoever has the broker's machine can open what is sealed to that.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import pyrage
from pyrage.x25519 import Identity, Recipient

from adapters.contract.errors import Malformed
from adapters.contract.models import FootageMessage, SegmentData, SegmentEnd, SegmentStart
from broker import private_files
from broker.errors import SetupProblem
from broker.evidence.cut.models import SourceFile
from broker.holds.models import CopiedFile, Hold
from broker.ingest.scratch import scratch_folder, suffix_of, to_its_end
from broker.settings.sections import AgencySettings
from broker.vault.keys import copies_prefix, copy_key
from broker.vault.vaults import Vaults

KEY_FILE: Final = "holds.age"
CHUNK_BYTES: Final = 1 << 20


class CopySealed(Exception):
    """This process has not the key that the copy is sealed to."""


class CopyDamaged(Exception):
    """The copy is not, or no longer, what was put there."""


@dataclass(frozen=True)
class OwnersKeys:
    """To which key each agency's copies are sealed, and the secret ones that this process has."""

    recipients: Mapping[str, Recipient]
    identities: Mapping[str, Identity] = field(repr=False)
    folder: Path

    @classmethod
    def of(cls, agencies: Sequence[AgencySettings], folder: Path) -> "OwnersKeys":
        """As configured; `folder` is where the broker keeps the keys of those that have none. `SetupProblem` names an
        agency whose keys are none, or do not belong together."""
        recipients, identities = dict[str, Recipient](), dict[str, Identity]()
        for agency in agencies:
            if agency.hold_key is None:
                continue
            try:
                recipients[agency.id] = Recipient.from_str(agency.hold_key)
            except pyrage.RecipientError:
                raise SetupProblem(f"agency {agency.id!r}: hold_key is no public key of age") from None
            if agency.hold_identity is None:
                continue
            try:
                identities[agency.id] = Identity.from_str(_secret_line(agency.hold_identity.read()))
            except pyrage.IdentityError:
                raise SetupProblem(
                    f"agency {agency.id!r}: hold_identity holds no secret key of age"
                ) from None
            if str(identities[agency.id].to_public()) != agency.hold_key:
                raise SetupProblem(f"agency {agency.id!r}: hold_identity is not the secret of hold_key")
        return cls(recipients, identities, folder)

    def recipient(self, agency: str) -> Recipient:
        """Blocks where the broker makes one."""
        if agency in self.recipients:
            return self.recipients[agency]
        return self._own(agency).to_public()

    def identity(self, agency: str) -> Identity:
        """`CopySealed` where this process has it not."""
        if agency in self.identities:
            return self.identities[agency]
        if agency in self.recipients:
            raise CopySealed(
                f"the copy is sealed to the key of {agency}: a worker that has it makes the clip"
            )
        return self._own(agency)

    def _own(self, agency: str) -> Identity:
        """The key that the broker keeps for the agency, made when it is first needed."""
        folder = self.folder / agency
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / KEY_FILE
        if not file.exists():
            private_files.put_new(file, f"{Identity.generate()}\n".encode())
        try:
            return Identity.from_str(_secret_line(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, pyrage.IdentityError):
            raise SetupProblem(f"the key for copies of {agency}'s footage, {file}, cannot be read") from None


def _secret_line(text: str) -> str:
    """The key of a file as `age-keygen` writes it, with comments."""
    lines = [line.strip() for line in text.splitlines()]
    return next((line for line in lines if line and not line.startswith("#")), "")


class _Seal:
    """One file being sealed: written to a pipe, at whose other end a thread seals."""

    def __init__(self, file: Path, recipient: Recipient) -> None:
        reader, writer = os.pipe()
        self._writer = os.fdopen(writer, "wb", buffering=0)
        self._sealing = asyncio.ensure_future(asyncio.to_thread(_encrypt, reader, file, recipient))
        self.size = 0
        self._hash = hashlib.sha256()

    async def write(self, data: bytes) -> None:
        self.size += len(data)
        self._hash.update(data)
        try:
            await to_its_end(partial(_write_all, self._writer.fileno(), data))
        except BrokenPipeError:
            await self._sealing  # says why it stopped reading
            raise

    async def end(self) -> str:
        """Closes the file; the digest of what was written."""
        self._writer.close()
        await self._sealing
        return self._hash.hexdigest()

    async def aclose(self) -> None:
        """Ends the thread, however far it came."""
        self._writer.close()
        with suppress(Exception):
            await asyncio.wait({self._sealing})


def _write_all(number: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(number, left) :]


def _encrypt(reader: int, file: Path, recipient: Recipient) -> None:
    with os.fdopen(reader, "rb") as source, file.open("xb") as target:
        pyrage.encrypt_io(source, target, [recipient])


class Copies:
    """Seals, opens and removes."""

    def __init__(self, vaults: Vaults, keys: OwnersKeys, scratch: Path) -> None:
        self._vaults = vaults
        self._keys = keys
        self._scratch = scratch

    async def seal(
        self, footage: AsyncGenerator[FootageMessage, None], hold: Hold, part: int
    ) -> AsyncGenerator[CopiedFile, None]:
        """Each of the recorder's files once it is in the owner's vault. `Malformed` where sizes or order do not fit."""
        recipient = await asyncio.to_thread(self._keys.recipient, hold.camera.agency)
        count = 0
        async with scratch_folder(self._scratch) as folder, aclosing(footage):
            async for message in footage:
                if not isinstance(message, SegmentStart):
                    raise Malformed("the recorder sent bytes outside a segment")
                count += 1
                sealed = folder / f"{count}.age"
                seal = _Seal(sealed, recipient)
                try:
                    await _pass_on(footage, message, seal)
                    digest = await seal.end()
                finally:
                    await seal.aclose()
                key = copy_key(hold.id, part, count, digest)
                await self._vaults.of(hold.camera.agency).put_file(key, sealed)
                await asyncio.to_thread(sealed.unlink)
                yield CopiedFile(
                    vault_key=key,
                    size=seal.size,
                    sha256=digest,
                    name=message.name,
                    container=message.container,
                    starts_at=message.starts_at,
                    valid=message.valid,
                )

    async def open(self, agency: str, files: Sequence[CopiedFile], folder: Path) -> list[SourceFile]:
        """The recorder's files in the clear, in a new private folder. `CopySealed` without the key."""
        identity = await asyncio.to_thread(self._keys.identity, agency)
        await asyncio.to_thread(folder.mkdir)
        vault = self._vaults.of(agency)
        sources = []
        for number, file in enumerate(files):
            sealed = folder / f"{number:06d}.age"
            path = folder / f"{number:06d}.{suffix_of(file.container)}"
            await vault.get_file(file.vault_key, sealed)
            await to_its_end(partial(_decrypt, sealed, path, identity, file))
            sources.append(SourceFile(path=path, starts_at=file.starts_at, valid=file.valid))
        return sources

    async def remove(self, agency: str, hold_id: str) -> None:
        """Everything of a hold, also what a worker that was killed left."""
        await self._vaults.of(agency).keep_only(copies_prefix(hold_id), frozenset())


async def _pass_on(messages: AsyncIterator[FootageMessage], start: SegmentStart, seal: _Seal) -> None:
    """The bytes of one segment, up to its end."""
    async for message in messages:
        if isinstance(message, SegmentData):
            await seal.write(message.data)
        elif isinstance(message, SegmentEnd):
            if seal.size != message.size:
                raise Malformed(f"segment {start.name}: {seal.size} of {message.size} bytes arrived")
            return
        else:
            raise Malformed(f"segment {message.name} starts before the one before it ended")
    raise Malformed("the recorder stopped in the middle of a segment")


def _decrypt(sealed: Path, path: Path, identity: Identity, file: CopiedFile) -> None:
    """Writes the clear file and removes the sealed one. pyrage leaves a part where the end is missing: what counts is
    the digest."""
    try:
        with sealed.open("rb") as source, path.open("xb") as target:
            pyrage.decrypt_io(source, target, [identity])
    except pyrage.DecryptError as error:
        raise CopyDamaged(f"the copy {file.vault_key} cannot be opened") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise CopyDamaged(f"the copy {file.vault_key} is damaged") from error
    sealed.unlink()
    with path.open("rb") as clear:
        if hashlib.file_digest(clear, "sha256").hexdigest() != file.sha256:
            raise CopyDamaged(f"the copy {file.vault_key} is not what was copied")
