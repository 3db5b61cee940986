"""Everything that is checked of a bundle, in order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotspot.bundle.check_files import (
    check_declared,
    check_duplicates,
    check_manifest,
    check_methods,
    check_names,
    check_partners,
)
from hotspot.bundle.check_grids import check_grids, check_overviews
from hotspot.bundle.check_metadata import check_metadata
from hotspot.bundle.check_stac import check_stac
from hotspot.bundle.check_tables import (
    check_hotspots,
    check_samples,
    check_statistics,
    check_styles,
)
from hotspot.bundle.check_tags import check_limits, check_tags
from hotspot.bundle.check_values import check_values
from hotspot.bundle.findings import Finding, Findings, ordered
from hotspot.bundle.layer_files import Parcel, find_layers
from hotspot.bundle.profiles import PROFILES, Profile
from hotspot.bundle.read_files import MOST_FILES, child, list_files, read_json
from hotspot.errors import ConfigError, few, nearest_name


def check_bundle(root: Path, *, profile: str | None = None) -> list[Finding]:
    """Return what is wrong with a bundle, errors first.

    Rasters are read window by window. Nothing outside the folder is opened, whatever its
    files name.

    Parameters
    ----------
    root : Path
        The folder.
    profile : str, optional
        Whose rules hold; by default the one that bundle.json names, if any.

    Raises
    ------
    ConfigError
        There is no such folder or profile.
    """
    if not root.is_dir():
        raise ConfigError(
            f"There is no folder {root}. Give the folder of a bundle, such as "
            "experiments/NAME/bundle/gsp."
        )
    if profile is not None and profile not in PROFILES:
        raise ConfigError(
            f"There is no profile {profile!r}.{nearest_name(profile, list(PROFILES))} "
            f"Choose one of {few(PROFILES)}."
        )
    findings = Findings()
    files, others = list_files(root)
    for name in others:
        findings.add("unsafe-path", name, "a link or special file is not opened", name)
    if len(files) > MOST_FILES:
        findings.add("too-many-files", ".", "the folder holds too many files", len(files))
        return ordered(findings.found)
    declaration = _declaration(root, files, findings)
    parcel = Parcel(
        root=root,
        files=tuple(files),
        declaration=declaration,
        profile=_profile(declaration, profile, findings),
        layers=tuple(find_layers(root, files, findings)),
    )
    check_manifest(parcel, findings)
    check_duplicates(parcel, findings)
    check_names(parcel, findings)
    check_declared(parcel, findings)
    check_partners(parcel, findings)
    check_grids(parcel, findings)
    check_tags(parcel, findings)
    counted = check_values(parcel, findings)
    check_overviews(parcel, findings)
    check_statistics(parcel, counted, findings)
    check_styles(parcel, counted, findings)
    check_samples(parcel, findings)
    stated = [
        *check_metadata(parcel, findings),
        *check_stac(parcel, findings),
        *check_hotspots(parcel, findings),
    ]
    page = check_methods(parcel, findings)
    check_limits(parcel, findings, page=page, elsewhere=stated)
    return ordered(findings.found)


def _declaration(root: Path, files: list[str], findings: Findings) -> Mapping[str, Any]:
    name = "bundle.json"
    path = child(root, name)
    if name not in files or path is None:
        findings.add("declaration-missing", ".", "the bundle does not state what it is", name)
        return {}
    try:
        return read_json(path)
    except ValueError as error:
        findings.add("declaration-malformed", name, "bundle.json cannot be read", error)
        return {}


def _profile(
    declaration: Mapping[str, Any], asked: str | None, findings: Findings
) -> Profile | None:
    name = asked or declaration.get("profile")
    if name is None:
        return None
    profile = PROFILES.get(str(name))
    if profile is None:
        findings.add("declaration-malformed", "bundle.json", "the profile is unknown", name)
        return None
    side = declaration.get("resolution")
    if profile.crs is not None and isinstance(side, int | float):
        if profile.takes(float(side)):
            return profile.with_resolution(float(side))
        findings.add(
            "resolution-profile", "bundle.json", "the receiver takes no such cells", side
        )
    return profile
