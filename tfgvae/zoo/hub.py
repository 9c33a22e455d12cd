"""Presets of others: hf://user/name is the repository user/name of the Hugging Face Hub.

The extra [hub] installs its client, huggingface_hub. Files are kept where that library keeps them,
and are then found without network. HF_ENDPOINT names another server.
"""

import pathlib
import re
from typing import Any

from tfgvae.zoo import cards

START = "hf://"
# hf://user/name or hf://user/name@revision
_ADDRESS = re.compile(r"hf://([\w.-]+/[\w.-]+?)(?:@([\w./-]+))?")
INSTALL = 'pip install "tfgvae[hub]"'


def parse(address: str) -> tuple[str, str | None]:
    """(repository, revision or None) of an address.

    >>> parse("hf://ada/digits@v1")
    ('ada/digits', 'v1')

    Raises:
      ValueError: it is no such address.
    """
    match = _ADDRESS.fullmatch(address)
    if not match:
        raise ValueError(f"expected hf://user/name or hf://user/name@revision, got {address!r}")
    return match[1], match[2]


def client() -> Any:
    """The module huggingface_hub.

    Raises:
      ImportError: the extra is not installed.
    """
    try:
        import huggingface_hub
        import huggingface_hub.errors  # Its names are found only then.
    except ImportError as error:
        raise ImportError(
            f"presets of {START} need the package huggingface_hub: {INSTALL}"
        ) from error
    return huggingface_hub


def fetch(address: str) -> pathlib.Path:
    """The folder with the three files of a preset, downloaded unless they are there already.

    The card comes first. Other files are downloaded only after it was checked.

    Raises:
      ImportError: the extra [hub] is not installed.
      FileNotFoundError: no such repository or revision, or it has no preset.
      PermissionError: the repository is gated or private.
      ConnectionError: there is no network, and the files were not downloaded before.
      ValueError: a wrong address, or a card that is none.
    """
    repository, revision = parse(address)
    hub = client()
    for name in (cards.CARD, cards.CONFIG, cards.WEIGHTS):
        with _Errors(hub, address, name):
            path = pathlib.Path(hub.hf_hub_download(repository, name, revision=revision))
        if name == cards.CARD:
            cards.read(path.parent)
            revision = _commit(path) or revision
    return path.parent


def _commit(path):
    """The commit that a cached file belongs to, so that all files are of the same one."""
    return path.parent.name if re.fullmatch("[0-9a-f]{40}", path.parent.name) else None


class _Errors:
    """A context that turns the errors of the client into sentences."""

    def __init__(self, hub, address, name):
        self.errors, self.address, self.name = hub.errors, address, name

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if error is None or not isinstance(error, Exception):
            return
        raise self._as_ours(error) from error

    def _as_ours(self, error):
        errors, address = self.errors, self.address
        page, _ = parse(address)
        if isinstance(error, errors.HFValidationError):
            return ValueError(f"{address} cannot be an address: {said(error)}")
        if isinstance(error, errors.GatedRepoError):
            return PermissionError(
                f"{address} is gated: ask for access on its page, https://huggingface.co/{page}, "
                "then log in with `hf auth login`"
            )
        if isinstance(error, errors.RevisionNotFoundError):
            return FileNotFoundError(f"{address} has no such revision")
        if isinstance(error, errors.RepositoryNotFoundError):
            return FileNotFoundError(
                f"there is no repository {address}, or it is private: correct the name, or log in "
                "with `hf auth login`"
            )
        # A subclass of the next one.
        if isinstance(error, errors.LocalEntryNotFoundError):
            return ConnectionError(
                f"{address} cannot be reached, and its {self.name} was not downloaded before: "
                "connect to the network and try again, or name a folder"
            )
        if isinstance(error, errors.EntryNotFoundError):
            return FileNotFoundError(f"{address} is not a preset of tfgvae: it has no {self.name}")
        return ConnectionError(f"{address}: {self.name} cannot be downloaded: {said(error)}")


def said(error: BaseException) -> str:
    """What an error of the client says, in one line of at most 300 characters."""
    return " ".join(str(error).split())[:300] or type(error).__name__
