"""A file is fetched whole and right, resumed where it broke off, or not at all."""

from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import Request

import numpy as np
import pytest

from hotspot.datasets.fetch import StayEncrypted, fetch
from hotspot.datasets.record import Fetched, read_record, write_record
from hotspot.errors import DownloadError

# The behaviour of a server; see conftest.py.
Served = Any

CONTENT = np.random.default_rng(3).bytes(700_001)
SUM = sha256(CONTENT).hexdigest()


def got(served: Served, path: Path, **known: Any) -> Fetched:
    return fetch(served.address, path, pause_s=0.0, **known)


def ranges(served: Served) -> list[str | None]:
    return [each.get("Range") for each in served.asked]


def nothing_left(folder: Path) -> bool:
    return not list(folder.iterdir())


def test_a_file_is_fetched_and_recorded(served: Served, tmp_path: Path) -> None:
    """Content, size and checksum are those of the server's file."""
    served.content = CONTENT
    seen: list[tuple[int, int]] = []
    path = tmp_path / "deep" / "a.bin"
    found = fetch(served.address, path, progress=lambda *each: seen.append(each))
    assert path.read_bytes() == CONTENT
    assert found == Fetched(served.address, SUM, len(CONTENT), is_expected=False)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [each.name for each in path.parent.iterdir()] == ["a.bin"]


def test_what_broke_off_goes_on(served: Served, tmp_path: Path) -> None:
    """Each attempt asks for what is missing, and no byte comes twice."""
    served.content, served.breaks = CONTENT, [300_000, 100_000]
    path = tmp_path / "a.bin"
    got(served, path)
    assert path.read_bytes() == CONTENT
    assert ranges(served) == [None, "bytes=300000-", "bytes=400000-"]
    assert [each.get("If-Range") for each in served.asked] == [None, '"one"', '"one"']


def test_a_later_command_goes_on(served: Served, tmp_path: Path) -> None:
    """A part stays after the last attempt, and the next command continues it."""
    served.content, served.breaks = CONTENT, [200_000]
    path = tmp_path / "a.bin"
    with pytest.raises(DownloadError, match="200000 bytes are kept; run the same command"):
        got(served, path, attempts=1)
    assert not path.exists()
    got(served, path)
    assert path.read_bytes() == CONTENT
    assert ranges(served)[-1] == "bytes=200000-"


def test_another_edition_is_not_glued_to_the_first(served: Served, tmp_path: Path) -> None:
    """A file that changed in between is fetched from its beginning."""
    served.content, served.breaks = CONTENT, [200_000]
    path = tmp_path / "a.bin"
    with pytest.raises(DownloadError):
        got(served, path, attempts=1)
    served.content, served.etag = CONTENT[::-1], '"two"'
    got(served, path)
    assert path.read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize(("etag", "modified"), [('W/"weak"', None), (None, None)])
def test_without_edition_and_checksum_it_begins_anew(
    served: Served, tmp_path: Path, etag: str | None, modified: str | None
) -> None:
    """A weak tag is no mark of the bytes; only a known checksum lets a part be continued."""
    served.content, served.etag, served.modified = CONTENT, etag, modified
    served.breaks = [200_000]
    got(served, tmp_path / "a.bin")
    assert ranges(served) == [None, None]
    served.breaks = [200_000]
    got(served, tmp_path / "b.bin", expected_sha256=SUM)
    assert ranges(served)[2:] == [None, "bytes=200000-"]
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes() == CONTENT


def test_the_date_of_change_is_a_mark_of_the_edition(served: Served, tmp_path: Path) -> None:
    """Servers with weak tags often tell when the file was changed."""
    served.content, served.breaks, served.etag = CONTENT, [200_000], 'W/"weak"'
    served.modified = "Thu, 17 Oct 2013 21:57:18 GMT"
    got(served, tmp_path / "a.bin")
    assert served.asked[1]["If-Range"] == served.modified
    assert ranges(served)[1] == "bytes=200000-"


def test_a_server_without_parts_sends_all_again(served: Served, tmp_path: Path) -> None:
    """An answer of the whole file replaces the part."""
    served.content, served.breaks, served.ranges = CONTENT, [300_000], False
    got(served, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_a_part_that_is_complete_needs_no_byte(served: Served, tmp_path: Path) -> None:
    """Killed between the last byte and the end of the work: the server says that is all."""
    served.content, served.breaks = CONTENT, [200_000]
    path = tmp_path / "a.bin"
    with pytest.raises(DownloadError):
        got(served, path, attempts=1)
    (tmp_path / ".a.bin.part").write_bytes(CONTENT)
    got(served, path)
    assert path.read_bytes() == CONTENT
    assert len(served.asked) == 2


def test_a_part_that_is_too_long_begins_anew(served: Served, tmp_path: Path) -> None:
    """More bytes than the file has are of another file."""
    served.content, served.breaks = CONTENT, [200_000]
    path = tmp_path / "a.bin"
    with pytest.raises(DownloadError):
        got(served, path, attempts=1)
    (tmp_path / ".a.bin.part").write_bytes(CONTENT + b"more")
    got(served, path)
    assert path.read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(served: Served, tmp_path: Path) -> None:
    """Neither the file nor its part, and an earlier file stays as it was."""
    served.content = CONTENT
    path = tmp_path / "a.bin"
    with pytest.raises(DownloadError, match=f"(?s){SUM}.*{'0' * 64}.*was not kept"):
        got(served, path, expected_sha256="0" * 64)
    assert nothing_left(tmp_path)
    path.write_bytes(b"old")
    with pytest.raises(DownloadError):
        got(served, path, expected_sha256="0" * 64)
    assert path.read_bytes() == b"old"


def test_a_missing_file_is_told_at_once(served: Served, tmp_path: Path) -> None:
    """HTTP 404 is no reason to try again."""
    served.status = [404]
    with pytest.raises(DownloadError, match=r"HTTP 404 .*address=URL .*file=PATH"):
        got(served, tmp_path / "a.bin")
    assert len(served.asked) == 1
    assert nothing_left(tmp_path)


def test_a_busy_server_is_asked_again(served: Served, tmp_path: Path) -> None:
    """HTTP 503 passes."""
    served.content, served.status = CONTENT, [503, 429]
    got(served, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_a_page_in_place_of_the_file_is_refused(served: Served, tmp_path: Path) -> None:
    """Its size is another than the one expected."""
    served.content = b"<html>moved</html>"
    with pytest.raises(DownloadError, match="announces 18 bytes, and 700001 were expected"):
        got(served, tmp_path / "a.bin", expected_bytes=len(CONTENT))
    assert nothing_left(tmp_path)


def test_a_stream_without_end_is_stopped(served: Served, tmp_path: Path) -> None:
    """A server that tells no size cannot fill the disk."""
    served.content, served.headers = CONTENT, {"Content-Length": ""}
    with pytest.raises(DownloadError, match="more than the 1000 bytes"):
        got(served, tmp_path / "a.bin", expected_bytes=1000)
    assert nothing_left(tmp_path)


def test_an_end_that_nobody_can_tell_is_refused(served: Served, tmp_path: Path) -> None:
    """Neither size nor checksum: half a file would look like a file."""
    served.content, served.headers = CONTENT, {"Content-Length": ""}
    with pytest.raises(DownloadError, match="nobody could tell whether all of it came"):
        got(served, tmp_path / "a.bin")
    got(served, tmp_path / "a.bin", expected_sha256=SUM)


def test_a_packed_answer_is_refused(served: Served, tmp_path: Path) -> None:
    """The checksum is of the file, not of what a server makes of it."""
    served.content, served.headers = CONTENT, {"Content-Encoding": "br"}
    with pytest.raises(DownloadError, match="sent as br"):
        got(served, tmp_path / "a.bin")


def test_no_server_decides_a_name(served: Served, tmp_path: Path) -> None:
    """A file name that a server proposes is not looked at."""
    served.content = CONTENT
    served.headers = {"Content-Disposition": 'attachment; filename="../../evil.sh"'}
    got(served, tmp_path / "in" / "a.bin")
    names = [each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*")]
    assert sorted(names) == ["in", "in/a.bin"]


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://a/b", "a.csv"])
def test_only_the_web_is_read(tmp_path: Path, address: str) -> None:
    """Addresses of other schemes are refused before anything is opened."""
    with pytest.raises(DownloadError, match="no address of http or https"):
        fetch(address, tmp_path / "a.bin")


def test_a_redirection_is_followed_within_the_web_only(served: Served, tmp_path: Path) -> None:
    """A server cannot make the program read this machine."""
    served.content, served.leads_to = CONTENT, served.address + "2"
    got(served, tmp_path / "a.bin")
    served.leads_to = "file:///etc/passwd"
    with pytest.raises(DownloadError, match="file:///etc/passwd' is not allowed"):
        got(served, tmp_path / "b.bin")


def test_an_encrypted_address_is_not_left_for_a_plain_one() -> None:
    """Who listens on the way could change the file."""
    request = Request("https://a.example/b")
    with pytest.raises(DownloadError, match=r"leads on to http://a\.example/b"):
        StayEncrypted().redirect_request(request, None, 302, "", {}, "http://a.example/b")


def test_nobody_there_is_told(tmp_path: Path) -> None:
    """A refused connection is tried again, then told."""
    with pytest.raises(DownloadError, match="broke off 2 times"):
        fetch("http://127.0.0.1:9/a", tmp_path / "a.bin", attempts=2, pause_s=0.0)


def test_a_record_comes_back(tmp_path: Path) -> None:
    """What is written beside a file is read again; a damaged record is an error."""
    fetched = Fetched("https://a/b", SUM, 5, is_expected=True)
    write_record(fetched, tmp_path / "a.bin")
    assert read_record(tmp_path / "a.bin") == fetched
    assert read_record(tmp_path / "b.bin") is None
    (tmp_path / "a.bin.source.json").write_text("{}")
    with pytest.raises(DownloadError, match="no record of a download"):
        read_record(tmp_path / "a.bin")
