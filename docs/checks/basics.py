"""What every page has: its own title, a description, one heading at its top, texts in place of pictures."""

from __future__ import annotations

import yaml

from checks.pages import Site


def faults(site: Site) -> list[str]:
    """Return what pages lack."""
    found = [f"{name}: {fault}" for name, text in site.texts.items() if (fault := unreadable(text))]
    titles: dict[str, str] = {}
    for page in site.pages.values():
        tree = page.tree
        title = (tree.findtext("head/title") or "").strip()
        if page.name != "404.html":
            if not title or title in titles:
                found.append(
                    f"{page.name}: its title {title!r} is empty, or that of {titles.get(title)}, too"
                )
            titles[title] = page.name
            headings = [tag.text_content().strip() for tag in tree.iter("h1")]
            if len(headings) != 1:
                found.append(f"{page.name}: has {len(headings)} first headings: {headings}")
            if not any(tree.xpath("//meta[@name='description']/@content")):
                found.append(f"{page.name}: has no description")
        if not tree.get("lang"):
            found.append(f"{page.name}: doesn't say its language")
        for picture in tree.iter("img"):
            if not (picture.get("alt") or "").strip():
                found.append(f"{page.name}: no alternative text for {picture.get('src')}")
    return found


def unreadable(text: str) -> str:
    """Return what is wrong with the head of a page, which the site tool would show as text."""
    if not text.startswith("---\n"):
        return ""
    try:
        yaml.safe_load(text.split("\n---\n", 1)[0].removeprefix("---\n"))
    except yaml.YAMLError as error:
        return f"its head isn't YAML: {' '.join(str(error).split())}"
    return ""
