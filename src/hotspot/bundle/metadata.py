"""The record of a raster after ISO 19115, encoded as ISO 19139 XML."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree as ET

from hotspot.bundle.content import Statement
from hotspot.maps.limits import BY_PLACE
from hotspot.maps.stac import SamplingPeriod

GMD = "http://www.isotc211.org/2005/gmd"
GCO = "http://www.isotc211.org/2005/gco"
GML = "http://www.opengis.net/gml/3.2"
_LISTS = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml#"
_KEYWORDS = ("soil pollution", "soil contamination", "exceedance probability")


@dataclass(frozen=True)
class Record:
    """What the record of one raster says beside the statement of the bundle.

    Parameters
    ----------
    stem : str
        File name without ending; the identifier.
    title, abstract, lineage : str
        For people.
    crs : str
        As ``EPSG:4326``.
    bbox : tuple of float
        West, south, east, north in degrees.
    resolution : tuple of float and str
        Side of a cell and its unit, ``m`` or ``deg``.
    period : SamplingPeriod
        When samples were taken.
    """

    stem: str
    title: str
    abstract: str
    lineage: str
    crs: str
    bbox: tuple[float, float, float, float]
    resolution: tuple[float, str]
    period: SamplingPeriod


def record_date(statement: Statement, period: SamplingPeriod) -> str:
    """Return the date of a record: that of publication if given, else of the last sampling.

    It is never the day of computing, so that the same run gives the same bytes. Empty where
    neither is known.
    """
    last = period.end or period.start
    return statement.published_on or (last.isoformat() if last else "")


def iso_record(record: Record, statement: Statement) -> str:
    """Return the ISO 19139 XML of a raster.

    References
    ----------
    ISO 19115:2003, Geographic information: Metadata; ISO/TS 19139:2007, XML schema
    implementation.
    """
    for prefix, address in (("gmd", GMD), ("gco", GCO), ("gml", GML)):
        ET.register_namespace(prefix, address)
    root = ET.Element(_gmd("MD_Metadata"))
    day = record_date(statement, record.period)
    _text(root, "fileIdentifier", record.stem)
    _code(root, "language", "LanguageCode", "eng")
    _code(root, "characterSet", "MD_CharacterSetCode", "utf8")
    _code(root, "hierarchyLevel", "MD_ScopeCode", "dataset")
    _contact(ET.SubElement(root, _gmd("contact")), statement)
    _date(ET.SubElement(root, _gmd("dateStamp")), day)
    _text(root, "metadataStandardName", "ISO 19115:2003/19139")
    _text(root, "metadataStandardVersion", "1.0")
    system = _nested(root, "referenceSystemInfo", "MD_ReferenceSystem")
    identifier = _nested(system, "referenceSystemIdentifier", "RS_Identifier")
    authority, _, number = record.crs.partition(":")
    _text(identifier, "code", number or record.crs)
    _text(identifier, "codeSpace", authority if number else "WKT")
    _identification(root, record, statement, day)
    _distribution(root, record)
    quality = _nested(root, "dataQualityInfo", "DQ_DataQuality")
    scope = _nested(quality, "scope", "DQ_Scope")
    _code(scope, "level", "MD_ScopeCode", "dataset")
    lineage = _nested(quality, "lineage", "LI_Lineage")
    _text(lineage, "statement", record.lineage)
    ET.indent(root)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        + ET.tostring(root, encoding="unicode")
        + "\n"
    )


def _limit(limit: Mapping[str, object]) -> str:
    return BY_PLACE if "rule" in limit else f"{float(str(limit['value_mg_kg'])):g} mg/kg"


def lineage_text(facts: Mapping[str, object], limit: Mapping[str, object]) -> str:
    """Return where a raster comes from: limit, configuration, data and software."""
    return (
        f"Limit: {_limit(limit)}, id {limit['id']}; "
        f"{limit.get('citation', 'no citation')}. "
        f"Configuration hash: {facts.get('config_hash', 'not known')}. "
        f"Data hash: {facts.get('data_hash', 'not known')}. "
        f"Model: {facts.get('model_id', 'not known')}. "
        f"Software: hotspot {facts.get('version', 'not known')}."
    )


def _identification(root: ET.Element, record: Record, statement: Statement, day: str) -> None:
    data = _nested(root, "identificationInfo", "MD_DataIdentification")
    citation = _nested(data, "citation", "CI_Citation")
    _text(citation, "title", record.title)
    dated = _nested(citation, "date", "CI_Date")
    _date(ET.SubElement(dated, _gmd("date")), day)
    kind = "publication" if statement.published_on else "creation"
    _code(dated, "dateType", "CI_DateTypeCode", kind)
    _text(data, "abstract", record.abstract)
    _code(data, "status", "MD_ProgressCode", "completed")
    _contact(ET.SubElement(data, _gmd("pointOfContact")), statement)
    keywords = _nested(data, "descriptiveKeywords", "MD_Keywords")
    for word in (*_KEYWORDS, *statement.keywords):
        _text(keywords, "keyword", word)
    places = _nested(data, "descriptiveKeywords", "MD_Keywords")
    _text(places, "keyword", statement.country)
    _code(places, "type", "MD_KeywordTypeCode", "place")
    rights = _nested(data, "resourceConstraints", "MD_LegalConstraints")
    _code(rights, "useConstraints", "MD_RestrictionCode", "license")
    _text(rights, "otherConstraints", statement.licence)
    _code(data, "spatialRepresentationType", "MD_SpatialRepresentationTypeCode", "grid")
    step = _nested(data, "spatialResolution", "MD_Resolution")
    side, unit = record.resolution
    distance = ET.SubElement(ET.SubElement(step, _gmd("distance")), _gco("Distance"), uom=unit)
    distance.text = f"{side:.12g}"
    _code(data, "language", "LanguageCode", "eng")
    topic = ET.SubElement(data, _gmd("topicCategory"))
    ET.SubElement(topic, _gmd("MD_TopicCategoryCode")).text = "geoscientificInformation"
    extent = _nested(data, "extent", "EX_Extent")
    box = _nested(extent, "geographicElement", "EX_GeographicBoundingBox")
    west, south, east, north = record.bbox
    # The order of the standard, which is not that of most software.
    for name, value in (
        ("westBoundLongitude", west),
        ("eastBoundLongitude", east),
        ("southBoundLatitude", south),
        ("northBoundLatitude", north),
    ):
        ET.SubElement(ET.SubElement(box, _gmd(name)), _gco("Decimal")).text = f"{value:.6f}"
    _period(extent, record)


def _period(extent: ET.Element, record: Record) -> None:
    time = _nested(extent, "temporalElement", "EX_TemporalExtent")
    holder = ET.SubElement(time, _gmd("extent"))
    identifier = f"period-{''.join(c if c.isalnum() else '-' for c in record.stem)}"
    span = ET.SubElement(holder, _gml("TimePeriod"), {_gml("id"): identifier})
    for name, value in (
        ("beginPosition", record.period.start),
        ("endPosition", record.period.end),
    ):
        place = ET.SubElement(span, _gml(name))
        if value is None:
            place.set("indeterminatePosition", "unknown")
        else:
            place.text = value.isoformat()


def _distribution(root: ET.Element, record: Record) -> None:
    shared = _nested(root, "distributionInfo", "MD_Distribution")
    form = _nested(shared, "distributionFormat", "MD_Format")
    _text(form, "name", "Cloud-optimised GeoTIFF")
    _text(form, "version", "1.0")
    options = _nested(shared, "transferOptions", "MD_DigitalTransferOptions")
    online = _nested(options, "onLine", "CI_OnlineResource")
    link = ET.SubElement(ET.SubElement(online, _gmd("linkage")), _gmd("URL"))
    link.text = f"./{record.stem}.tif"


def _contact(holder: ET.Element, statement: Statement) -> None:
    party = ET.SubElement(holder, _gmd("CI_ResponsibleParty"))
    _text(party, "organisationName", statement.contact.organisation)
    info = _nested(party, "contactInfo", "CI_Contact")
    address = _nested(info, "address", "CI_Address")
    _text(address, "electronicMailAddress", statement.contact.email)
    _code(party, "role", "CI_RoleCode", statement.contact.role)


def _date(holder: ET.Element, day: str) -> None:
    if day:
        ET.SubElement(holder, _gco("Date")).text = date.fromisoformat(day).isoformat()
    else:
        holder.set(_gco("nilReason"), "unknown")


def _nested(parent: ET.Element, name: str, kind: str) -> ET.Element:
    return ET.SubElement(ET.SubElement(parent, _gmd(name)), _gmd(kind))


def _text(parent: ET.Element, name: str, text: str) -> None:
    place = ET.SubElement(ET.SubElement(parent, _gmd(name)), _gco("CharacterString"))
    # XML 1.0 has no place for most control characters.
    place.text = "".join(c if c >= " " or c in "\n\t" else " " for c in text)


def _code(parent: ET.Element, name: str, kind: str, value: str) -> None:
    place = ET.SubElement(ET.SubElement(parent, _gmd(name)), _gmd(kind))
    place.set("codeList", _LISTS + kind)
    place.set("codeListValue", value)
    place.text = value


def _gmd(name: str) -> str:
    return f"{{{GMD}}}{name}"


def _gco(name: str) -> str:
    return f"{{{GCO}}}{name}"


def _gml(name: str) -> str:
    return f"{{{GML}}}{name}"
