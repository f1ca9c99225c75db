"""Brings the panel's libraries into the repository: files of npm packages, as `vendor.json` locks them.

    python requirements/vendor.py            # fetch what the lock names, check it, write the files
    python requirements/vendor.py --update NAME@VERSION   # lock another version of one

It needs `npm` and is run by whoever updates a library; nobody who uses or tests the panel needs it. The files
lie in `src/voicewright/web/static/vendor/`, with each package's licence beside them, and a test holds them to
the lock.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).with_name("vendor.json")
STATIC = Path(__file__).resolve().parents[1] / "src" / "voicewright" / "web" / "static"
FOLDER = STATIC / "vendor"
SPRITE = "icons.svg"


def main() -> int:
    """Fetch, check and write; the exit status is 0 when all is as locked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", metavar="NAME@VERSION", help="lock this version, whatever it is made of")
    update = parser.parse_args().update
    lock = json.loads(LOCK.read_text())
    FOLDER.mkdir(exist_ok=True)
    for package in lock["packages"]:
        if update and update.rpartition("@")[0] == package["name"]:
            package["version"], package["integrity"] = update.rpartition("@")[2], None
        with tempfile.TemporaryDirectory() as folder:
            root = _fetched(package, Path(folder))
            if root is None:
                return 1
            _copy(package, root)
    LOCK.write_text(json.dumps(lock, indent=2) + "\n")
    return 0


def _fetched(package: dict[str, Any], folder: Path) -> Path | None:
    """The unpacked package; None: it is not what was locked."""
    wanted = f"{package['name']}@{package['version']}"
    packed = subprocess.run(
        ["npm", "pack", wanted, "--silent"], cwd=folder, check=True, capture_output=True, text=True
    )
    archive = folder / packed.stdout.split()[-1]
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if package["integrity"] not in (None, f"sha512-{digest}"):
        print(f"error: {wanted} is not what was locked; somebody changed it", file=sys.stderr)
        return None
    package["integrity"] = f"sha512-{digest}"
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def _copy(package: dict[str, Any], root: Path) -> None:
    files = {name: (root / source).read_bytes() for name, source in package["sources"].items()}
    if icons := package.get("icons"):
        files[SPRITE] = _sprite({name: (root / "icons" / f"{name}.svg").read_text() for name in icons})
    for name, content in files.items():
        kept = content
        if name.endswith(".js"):  # a map that is not there is asked for by nobody
            kept = re.sub(rb"\n?//# sourceMappingURL=\S+\s*$", b"\n", content)
        (FOLDER / name).write_bytes(kept)
        package["sha256"] = {**package.get("sha256", {}), name: hashlib.sha256(kept).hexdigest()}
    package["sha256"] = {name: package["sha256"][name] for name in sorted(files)}
    print(f"{package['name']} {package['version']}: {', '.join(sorted(files))}")


def _sprite(icons: dict[str, str]) -> bytes:
    """One file with all icons, each a `<symbol>` that a page uses by its name."""
    symbols = []
    for name, svg in sorted(icons.items()):
        inside = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)
        assert inside is not None, name  # noqa: S101 - the package changed its form
        drawn = re.sub(r"\s+", " ", inside[1]).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawn}</symbol>')
    return ('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n").encode()


if __name__ == "__main__":
    sys.exit(main())
