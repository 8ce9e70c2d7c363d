"""Checks that the links, anchors and paths in all Markdown files exist. Prints those that do not, and fails.

Paths in the changelog are not checked, because they are history.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Folders whose paths are written in backticks, and must exist.
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
FOLDERS = (FOLDERS | {"crates", "src"}) - {"target", "demo", "data"}


def text_of(path):
    """The file's text without fenced code."""
    return re.sub(r"^\s*```.*?^\s*```", "", path.read_text(), flags=re.S | re.M)


def anchors(path):
    """The anchors that a forge makes of the file's headings."""
    headings = re.findall(r"^#+ (.*)$", text_of(path), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def defects(path):
    text = text_of(path)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists():
            yield f"the link {link} leads nowhere"
        elif anchor and anchor not in anchors(target):
            yield f"the link {link} has an anchor that does not exist"
    for name in re.findall(r"`([\w./-]+)`", "" if path.name == "CHANGELOG.md" else text):
        # A path is written from the root, or, in a crate's README, from the crate.
        exists = (ROOT / name).exists() or (path.parent / name).exists()
        if name.split("/")[0] in FOLDERS and "/" in name and not exists:
            yield f"the path {name} does not exist"


def main():
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    files = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    found = [f"{name}: {defect}" for name in files for defect in defects(ROOT / name)]
    print("\n".join(found) or f"{len(files)} Markdown files: all links and paths exist")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
