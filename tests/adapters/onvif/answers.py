"""Answers of real devices from the sample data, as the SOAP client hands them on."""

from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from adapters.transport.soap import child
from tests.requirements import sample_data


def captured(name: str) -> Element:
    """The first element of a captured answer's body; `name` is below the folder `onvif`."""
    body = child(fromstring((sample_data() / "onvif" / name).read_bytes(), forbid_dtd=True), "Body")
    assert body is not None
    return body[0]


def xml(text: str) -> Element:
    root: Element = fromstring(text, forbid_dtd=True)
    return root
