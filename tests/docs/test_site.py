"""The documentation as a site: it builds without a warning, every page is reached, every link leads somewhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.docs.blocks import ROOT

_DOCS: Final = ROOT / "docs"
#: Pages of the repository beside the site's.
_BESIDE: Final = ("README.md", "SECURITY.md", "CHANGELOG.md", "asterisk/README.md")
_ITEM: Final = re.compile(r" *([-*]|\d+\.) ")
_INDENT: Final = 4
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_CODE: Final = re.compile(r"^( *)```.*?^\1```|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def _pages() -> list[Path]:
    return sorted(_DOCS.rglob("*.md"))


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub and the site make them."""
    text = re.sub(r"^( *)```.*?^\1```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    names = set()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        names.add(re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", plain.lower()).strip()))
    return names


def _navigated() -> list[str]:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    return re.findall(r"^ +- (?:[^:\n]+: )?(\S+\.md)$", navigation, re.MULTILINE)


@pytest.mark.parametrize("page", [*(ROOT / name for name in _BESIDE), *_pages()], ids=_name)
def test_given_a_page_when_its_links_are_followed_then_each_leads_to_a_page_and_a_heading_that_is_there(
    page: Path,
) -> None:
    lost = []
    for target in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = page if not path else (page.parent / path).resolve()
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in _anchors(found)):
            lost.append(target)
        elif page.is_relative_to(_DOCS) and not found.is_relative_to(_DOCS):
            lost.append(f"{target} (the site has only docs/)")
    assert lost == []


@pytest.mark.parametrize("page", _pages(), ids=_name)
def test_given_a_page_when_it_has_lists_then_the_site_shows_them_as_github_does(page: Path) -> None:
    """The site is stricter: an empty line before a list, and four spaces before whatever belongs to an item."""
    wrong = []
    is_fenced, in_list, is_loose, before = False, False, False, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        is_fence = line.strip().startswith("```")
        is_item = not is_fenced and _ITEM.match(line) is not None
        indent = len(line) - len(line.lstrip())
        if is_fence or not is_fenced:
            begins_late = is_item and not indent and before.strip() and (not in_list or is_loose)
            hangs_short = (is_fence or is_item or not before.strip()) and 0 < indent < _INDENT
            if line.strip() and (begins_late or (in_list and hangs_short)):
                wrong.append(f"{number}: {line}")
            if is_item:
                in_list, is_loose = True, is_loose and bool(indent)
            elif line.strip() and not indent and not before.strip():
                in_list = False
            elif in_list and indent and not before.strip():
                is_loose = True
        is_fenced = is_fenced is not is_fence
        before = line
    assert wrong == []


def test_given_the_navigation_when_compared_with_the_pages_then_it_has_each_once() -> None:
    listed = _navigated()
    records = {str(path.relative_to(_DOCS)) for path in (_DOCS / "decisions").glob("[0-9]*.md")}
    assert len(listed) == len(set(listed))
    assert set(listed) | records == {str(path.relative_to(_DOCS)) for path in _pages()}


def test_given_the_site_when_it_is_built_then_nothing_is_wrong_and_nothing_is_fetched_from_elsewhere(
    tmp_path: Path,
) -> None:
    shutil.copytree(_DOCS, tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout + done.stderr
    built = sorted((tmp_path / "site").rglob("*.html"))
    assert len(built) > len(_pages())
    for page in built:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(
            r'<(?:script|img|iframe)[^>]+src="(https?:[^"]+)|<link[^>]+stylesheet[^>]+(https?:[^">]+)', text
        )
        assert fetched == [], page
