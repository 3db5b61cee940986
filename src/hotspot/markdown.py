"""Text that Markdown shows as it stands."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def plain(text: object) -> str:
    r"""Return text that Markdown and HTML show as it stands, on one line.

    Examples
    --------
    >>> print(plain("a_b & <c>"))
    a\_b &amp; \<c\>
    """
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()).replace("&", "&amp;"))


def items(*sentences: str) -> str:
    """Return sentences as the items of a list, each shown as it stands."""
    return "\n".join(f"- {plain(sentence)}" for sentence in sentences)
