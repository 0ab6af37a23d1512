"""MkDocs' hooks: files of the repository that pages link to are part of the site, so that it stands by itself."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, Files, InclusionLevel

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
DOCS, PLACE = "docs/", "repository/"
"""Where pages lie in the repository; where its other files lie on the site."""
LINK = re.compile(r"\[([^\]\[]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add each file outside of docs/ that a page links to."""
    linked = {
        posixpath.normpath(posixpath.join(DOCS, posixpath.dirname(page.src_uri), link))
        for page in files.documentation_pages()
        for _, link, _ in LINK.findall(page.content_string)
    }
    for path in sorted(each for each in linked if not each.startswith(DOCS) and (ROOT / each).is_file()):
        text = (ROOT / path).read_text()
        shown = text if path.endswith(".md") else f"# {path}\n\n```\n{text}\n```\n"
        files.append(File.generated(config, _place(path), content=shown, inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead each link to where its file lies on the site. Files of the repository may name others that have none."""
    del config
    here = page.file.src_uri
    path = here.removeprefix(PLACE) if here.startswith(PLACE) else DOCS + here

    def led(link: re.Match[str]) -> str:
        there = _place(posixpath.normpath(posixpath.join(posixpath.dirname(path), link[2])))
        if here.startswith(PLACE) and files.get_file_from_path(there) is None:
            return link[1]
        return f"[{link[1]}]({posixpath.relpath(there, posixpath.dirname(here) or '.')}{link[3] or ''})"

    return LINK.sub(led, markdown)


def _place(path: str) -> str:
    """Where a file of the repository lies on the site; what is no page is shown on one."""
    if path.startswith(DOCS):
        return path.removeprefix(DOCS)
    return PLACE + (path if path.endswith(".md") else f"{path}.md")
