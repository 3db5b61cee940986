"""Every finding that `hotspot bundle check` can make: its code, how grave, what to do."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

_ERRORS = {
    "manifest-missing": "Add checksums.sha256 with the SHA-256 of every file.",
    "manifest-malformed": "Write `<64 hex digits>  <name>` on each line of checksums.sha256.",
    "checksum-mismatch": "Get the file anew, or write the manifest after the last change.",
    "file-missing": "Put the file into the folder, or take it out of what names it.",
    "unsafe-path": "Name files inside the folder, without links, `..` or addresses.",
    "too-many-files": "Check a folder that holds one bundle and nothing else.",
    "layer-duplicate": "Keep one of the files, and check which layer was meant.",
    "layer-missing": "Add the raster <ISO3>_<property>-exceedance_<depth>_mean.tif.",
    "name-convention": "Name it <ISO3>_<property>-<quantity>_<top>-<bottom>cm_<statistic>.tif.",
    "country-unknown": "Use the code of three capital letters of ISO 3166-1.",
    "country-differs": "Give all files of a bundle the same country.",
    "depth-missing": "Write the depth into the name, as in 0-20cm.",
    "depth-contradiction": "Give top < bottom, the same in names, tags and bundle.json.",
    "declaration-malformed": "Write bundle.json anew; see docs/bundles.md for its keys.",
    "licence-missing": "Say in bundle.json under which licence the maps may be used.",
    "contact-missing": "Name an organisation and an e-mail address in bundle.json.",
    "raster-refused": "Give a GeoTIFF that holds its own values: gdal_translate -of COG.",
    "raster-too-large": "Tile and compress the raster honestly, or split the region.",
    "raster-corrupt": "Get the file anew; its bytes cannot be decoded.",
    "crs-missing": "Write the CRS into the file: gdal_edit.py -a_srs EPSG:4326.",
    "crs-unknown": "Use a geographic or projected CRS with an EPSG code.",
    "crs-differs": "Warp all layers to one CRS.",
    "crs-profile": "Warp the layers to the CRS of the profile.",
    "resolution-differs": "Warp all layers to one grid.",
    "resolution-profile": "Warp the layers to the resolution of the profile.",
    "extent-differs": "Cut all layers to one extent, cell by cell.",
    "origin-off-template": "Snap the corner to whole cells of the profile's template.",
    "raster-rotated": "Warp the raster to a north-up grid.",
    "raster-south-up": "Flip the raster: gdalwarp writes rows from north to south.",
    "uncertainty-missing": "Add the layer …_uncertainty.tif of the same property and depth.",
    "bounds-swapped": "Exchange the two bounds, and check what else was exchanged.",
    "estimate-outside-bounds": "Make estimate and bounds from the same model run.",
    "probability-out-of-range": "Probabilities lie from 0 to 1; find what went wrong.",
    "probability-in-percent": "Divide by 100, or declare a scale of 0.01.",
    "concentration-negative": "A concentration is never below 0; undo the transform.",
    "nodata-undeclared": "Declare the value as nodata: gdal_edit.py -a_nodata.",
    "nodata-zero-border": "Make the border nodata; a 0 there reads as `clean`.",
    "nan-undeclared": "Declare NaN as nodata: gdal_edit.py -a_nodata nan.",
    "layer-empty": "Write the layer again; every cell is missing.",
    "scale-missing": "Declare the scale of the whole numbers: gdal_edit.py -scale.",
    "mask-differs": "Make every layer of a property cover the same cells.",
    "values-off-mask": "Set cells outside the mask to nodata.",
    "probability-not-calibrated": "Correct for resampled classes, or recalibrate, and say how.",
    "decision-contradicts-probability": "Make the decision from the probability beside it.",
    "decision-outside-applicability": "Answer `cannot say` (2) where no sample resembles.",
    "decision-code-unknown": "Use 0 below, 1 above, 2 cannot say, 255 no data.",
    "unit-missing": "Write the unit of the band: mg/kg, 1 or class.",
    "unit-wrong": "Convert to mg/kg (concentrations) or a share (probabilities).",
    "tag-missing": "Write the tag; docs/bundles.md lists those that every raster has.",
    "threshold-unknown": "Use an id of `hotspot thresholds`, or user_<contaminant>_<value>.",
    "threshold-value-differs": "Write the value that the registry holds for this id.",
    "threshold-rule": "Write the rule of the limit as JSON into the tag threshold_rule.",
    "threshold-contaminant": "Choose a limit of this contaminant.",
    "limit-differs": "Make all files from one run, with one limit.",
    "data-hash-missing": "Write the hash of the samples and covariates as tag data_hash.",
    "version-missing": "Write the program and its version as tag software.",
    "lineage-differs": "Make all layers from one run.",
    "metadata-missing": "Add an ISO 19139 record with the name of the raster.",
    "metadata-malformed": "Write well-formed XML with the root gmd:MD_Metadata.",
    "metadata-unsafe": "Remove the document type and its entities.",
    "metadata-field-missing": "Fill the element; ISO 19139 and the profile ask for it.",
    "metadata-extent": "Write west, east, south, north of the raster in degrees.",
    "metadata-crs": "Write the CRS of the raster.",
    "metadata-date": "Write dates as YYYY-MM-DD, the begin before the end.",
    "stac-missing": "Add collection.json and one item for each property.",
    "stac-malformed": "Write a STAC 1.1 item or collection; stac-validator tells more.",
    "stac-bbox": "Write the bounding box of the raster in degrees, west and south first.",
    "stac-projection": "Write proj:code, proj:shape and proj:transform of the raster.",
    "stac-asset-missing": "Name every raster of the property among the assets.",
    "stac-link-broken": "Correct the address, or add the file it names.",
    "stac-datetime-missing": "Give datetime, or start_datetime and end_datetime.",
    "style-incomplete": "Give each code of the raster a class.",
    "style-malformed": "Write the style again; it is no readable XML.",
    "overviews-disagree": "Remove the overviews and build them anew: gdaladdo -clean.",
    "statistics-missing": "Add statistics.csv; docs/bundles.md lists its columns.",
    "statistics-malformed": "Write file, measure, class and value, one number per row.",
    "statistics-contradict": "Compute the statistics from the rasters of the bundle.",
    "hotspots-unreadable": "Write the polygons as a GeoPackage with one layer.",
    "hotspots-crs": "Write the polygons in the CRS of the rasters.",
    "hotspots-outside": "Cut the polygons from the rasters of the bundle.",
    "hotspots-probability": "Compute mean_probability from the raster of the bundle.",
    "samples-malformed": "Give the columns probability (0 to 1) and exceeds (0 or 1).",
    "methods-missing": "Add methods.md: data, model, validation, limits, meaning.",
}
_WARNINGS = {
    "declaration-missing": "Add bundle.json, so that country, depth and profile are stated.",
    "file-unlisted": "Add the file to checksums.sha256, or remove it.",
    "layer-constant": "Check the layer: every cell holds the same value.",
    "tile-seam": "Look at the line; windows of a map must not be fitted apart.",
    "overviews-missing": "Build overviews: gdal_translate -of COG.",
    "style-missing": "Add a .qml or .sld file with the name of the raster.",
    "samples-missing": "Add left-out predictions, so that calibration can be checked.",
    "methods-incomplete": "Write the missing section; a reader needs it to use the map.",
}


@dataclass(frozen=True)
class Code:
    """A kind of finding: its name, how grave it is, and what to do."""

    name: str
    severity: Severity
    remedy: str


CODES: dict[str, Code] = {
    **{name: Code(name, "error", text) for name, text in _ERRORS.items()},
    **{name: Code(name, "warning", text) for name, text in _WARNINGS.items()},
}
