"""`python -m tests.icons`, a part of `make vendor`: cut unfold's icon font, 292 kB, down to the icons that the admin may show.

An icon is a word that the font writes as one sign. Whichever of its words stands alone between quotes or tags in unfold, or
in our admin, is taken for an icon: that is some too many, each of 70 bytes, and none too few.
"""

import re
from functools import cache
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import unfold
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
UNFOLD = Path(unfold.__file__).parent
WHERE = Path("static/unfold/fonts/material-symbols")  # in unfold and, found before it, here
FONT = WHERE / "Material-Symbols-Outlined.woff2"
LICENSE = WHERE / "LICENSE"
SUMS = ROOT / WHERE / "SHA256SUMS"
APPS = ("config", "inflight", "catalog", "metadata_registry", "ingest", "compute")
ALONE = re.compile(r"""["'>}]\s*([a-z0-9_]+)\s*(?=["'<{])""")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"


def glyphs_of(font: Any) -> dict[str, str]:
    """Return the glyph of each icon of a font, by the icon's name."""
    letter = {glyph: chr(code) for code, glyph in font.getBestCmap().items()}
    return {
        "".join(letter[glyph] for glyph in (first, *ligature.Component)): ligature.LigGlyph
        for lookup in font["GSUB"].table.LookupList.Lookup
        for subtable in lookup.SubTable
        for first, ligatures in subtable.ligatures.items()
        for ligature in ligatures
    }


@cache
def font_of(folder: Path) -> Any:
    """Return the icon font in unfold's folder, or in ours."""
    return TTFont(folder / FONT, recalcTimestamp=False)


def icons_used() -> set[str]:
    """Return the names of the icons that the admin may show."""
    of_unfold = chain.from_iterable(UNFOLD.rglob(kind) for kind in ("*.html", "*.py", "*.css"))  # "content:" of a rule
    of_apps = (file for app in APPS for file in (ROOT / app).rglob("*.py") if "admin" in str(file.relative_to(ROOT)))
    ours = [ROOT / "config" / "settings.py", *(ROOT / "config" / "pages").glob("*.py"), *of_apps]
    templates = chain.from_iterable((ROOT / "templates" / name).rglob("*.html") for name in ("admin", "unfold"))
    words = {word for file in (*of_unfold, *ours, *templates) for word in ALONE.findall(file.read_text())}
    return words & glyphs_of(font_of(UNFOLD)).keys()


def main() -> None:
    """Write the font, its licence, and their checksums."""
    font, used = font_of(UNFOLD), icons_used()
    options = Options(layout_closure=False, layout_features=["rlig"], drop_tables=["FFTM"])
    subsetter = Subsetter(options)
    subsetter.populate(text=LETTERS, glyphs=[glyph for name, glyph in glyphs_of(font).items() if name in used])
    subsetter.subset(font)
    (ROOT / WHERE).mkdir(parents=True, exist_ok=True)
    font.save(ROOT / FONT)
    (ROOT / LICENSE).write_bytes((UNFOLD / LICENSE).read_bytes())
    made = ((ROOT / FONT), (ROOT / LICENSE))
    SUMS.write_text("".join(f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in made))


if __name__ == "__main__":
    main()
