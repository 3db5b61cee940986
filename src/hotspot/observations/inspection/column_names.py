"""The names that files give to their columns."""

import re

# Pairs of names, the surer first. Spellings are folded: lower case, letters and digits only.
COORDINATES = (
    ("gpslong", "gpslat"),
    ("longitude", "latitude"),
    ("long", "lat"),
    ("lon", "lat"),
    ("lng", "lat"),
    ("decimallongitude", "decimallatitude"),
    ("thlong", "thlat"),
    ("geogrlänge", "geogrbreite"),
    ("easting", "northing"),
    ("east", "north"),
    ("coordx", "coordy"),
    ("xcoord", "ycoord"),
    ("xcoordinate", "ycoordinate"),
    ("pointx", "pointy"),
    ("rechtswert", "hochwert"),
    ("ostwert", "nordwert"),
    ("xutm", "yutm"),
    ("utmx", "utmy"),
    ("utme", "utmn"),
    ("xrd", "yrd"),
    ("rdx", "rdy"),
    ("este", "norte"),
    ("x", "y"),
    ("e", "n"),
)
_NAMES = {
    "site": (
        "siteid site pointid plotid plotcode profilecode profileid stationid station "
        "locationid location sitecode sitename point ort standort sample sampleid id"
    ),
    "observation": (
        "reportid resultid labid labno labnr labnumber recid resultphyschemid probenr"
    ),
    "sampled_on": (
        "sampledon colldate date samplingdate sampledate surveydate collectiondate datum "
        "probenahmedatum fecha timestamp year jahr"
    ),
    "depth_top_cm": "depthtopcm hzntop upperdepth depthtop top topdepth depthfrom hortop von",
    "depth_bottom_cm": (
        "depthbottomcm hznbot lowerdepth depthbottom bottom bottomdepth depthto horbot bis"
    ),
    "depth": "depth depthcm depthinterval tiefe layer profondeur profundidad",
    "medium": "medium matrix samplematrix samplemedium sampletype activitymedianame medie",
    "contaminant": (
        "contaminant parameter analyte element substance determinand stoff propertyphyschemid "
        "metal characteristicname"
    ),
    "value": (
        "value result concentration conc measurement messwert wert resultvalue "
        "resultmeasurevalue content gehalt"
    ),
    "unit": "unit units uom einheit unitofmeasureid resultunit unidad unité",
    "qualifier": "qualifier flag sign resultqualifier lessthan remark",
    "limit": (
        "limit detectionlimit lod loq mdl dl rl reportinglimit nachweisgrenze "
        "bestimmungsgrenze bg"
    ),
    "method": "method analyticalmethod procedure procedurephyschemid methode digestion",
    "laboratory": "laboratory lab labor laboratorium individualid labname",
    "campaign": "campaign survey surveyyear project projectname",
    "moisture": "moisture watercontent moisturepercent drymatter ts trockensubstanz",
    "radius_m": (
        "radiusm radius uncertaintym positionalaccuracy gpsprec coordinateuncertaintyinmeters"
    ),
}


def folded(name: str) -> str:
    """Return a name in lower case, letters and digits only."""
    return re.sub(r"[\W_]+", "", name.casefold())


def named_columns(names: list[str]) -> dict[str, str]:
    """Return the canonical columns that names tell, each of the file's used once."""
    spelled = {name: folded(name) for name in names}
    found: dict[str, str] = {}
    for canonical, spellings in _NAMES.items():
        for spelling in spellings.split():
            column = next(
                (
                    name
                    for name in names
                    if spelled[name] == spelling and name not in found.values()
                ),
                None,
            )
            if column is not None:
                found[canonical] = column
                break
    if "depth_top_cm" in found and "depth_bottom_cm" in found:
        found.pop("depth", None)
    else:
        for name in ("depth_top_cm", "depth_bottom_cm"):
            found.pop(name, None)
    return found
