"""Connections go to the very address that was checked, over TLS verified for the host name."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpcore2
import pytest

from sources.types import RequestEvent
from sources.web.client import Client, Limits, Pace, Refused
from sources.web.transport import connect_to_address
from tests.sources.loopback import FakeClock, Loopback, Reply, describe

PUBLIC = "93.184.216.34"


class Names:
    """A resolver that gives one answer after the other, as a hostile name server does."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Dials:
    """Notes where connections go; leads them to a server on the loopback, or nowhere."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port
        self.dialled: list[tuple[str, int]] = []

    def __call__(self, address: str, port: int, timeout: float | None) -> httpcore2.NetworkStream:
        self.dialled.append((address, port))
        if self.port is None:
            raise httpcore2.ConnectError("nobody there")
        return connect_to_address("127.0.0.1", self.port, timeout)


def client(tmp_path: Path, names: Names, dials: Dials, events: list[RequestEvent]) -> Client:
    return Client(
        describe(),
        contact="who@example.org",
        version="1",
        log=events.append,
        state=tmp_path,
        pace=Pace(FakeClock().clock()),
        limits=Limits(attempts=2),
        resolver=names,
        connect=dials,
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:192.168.0.1", "2002:c0a8:1::"])
def test_a_name_that_leads_into_a_private_network_is_never_connected_to(tmp_path: Path, address: str) -> None:
    dials, events = Dials(), list[RequestEvent]()
    with client(tmp_path, Names([PUBLIC, address]), dials, events) as made, pytest.raises(Refused) as caught:
        made.resolve("https://api.example.org/x")
    assert dials.dialled == []
    assert caught.value.outcome == "host_not_allowed"
    assert [event.outcome for event in events] == ["host_not_allowed"]
    assert list(tmp_path.rglob("*.json")) == []  # such a host says nothing that is kept


def test_a_name_is_looked_up_once_for_a_connection(tmp_path: Path) -> None:
    names, dials, events = Names([PUBLIC], ["127.0.0.1"]), Dials(), list[RequestEvent]()
    with client(tmp_path, names, dials, events) as made, pytest.raises(Refused):
        made.get("https://api.example.org/x")
    # The second answer, for the second try, is refused as a whole; only the checked address was ever dialled.
    assert dials.dialled == [(PUBLIC, 443)]
    assert names.asked == ["api.example.org"] * 2


def test_a_name_that_cannot_be_looked_up_is_a_failed_connection(tmp_path: Path) -> None:
    def nobody(host: str) -> list[str]:
        raise OSError("no such name")

    events: list[RequestEvent] = []
    made = Client(
        describe(), contact="a@b", version="1", log=events.append, state=tmp_path, pace=Pace(FakeClock().clock()), resolver=nobody
    )
    with made, pytest.raises(Refused) as caught:
        made.get("https://api.example.org/x")
    assert caught.value.outcome == "connection_failed"
    assert {event.outcome for event in events} == {"connection_failed"}
    assert len(events) == Limits().attempts + 1


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of an authority that only this test knows, for another host and for the right one."""
    x509 = pytest.importorskip(
        "cryptography.x509", reason="cryptography, which makes the certificates of this test, is not installed"
    )
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("certificates")
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    for name in ("api.example.org", "other.example.org"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + datetime.timedelta(days=36500))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        text = certificate.public_bytes(serialization.Encoding.PEM)
        (folder / f"{name}.crt").write_bytes(text)
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.pem").write_bytes(text + secret)
    return folder


@pytest.fixture
def secure(certificates: Path, request: pytest.FixtureRequest) -> Iterator[Loopback]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{request.param}.pem")
    server = Loopback(context)
    server.on("/x", Reply(body=b"[]", headers={"Content-Type": "application/json"}))
    with server:
        yield server


@pytest.mark.parametrize("secure", ["api.example.org"], indirect=True)
def test_a_server_with_the_right_certificate_is_asked(
    secure: Loopback, certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "api.example.org.crt"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # a proxy of the environment is not used
    dials, events = Dials(secure.port), list[RequestEvent]()
    with client(tmp_path, Names([PUBLIC]), dials, events) as made:
        assert made.get("https://api.example.org/x", expect="json").json() == []
    assert dials.dialled == [(PUBLIC, 443)]
    assert secure.seen[-1].host == "api.example.org"


@pytest.mark.parametrize(
    ("secure", "trusted"),
    [("api.example.org", "other.example.org"), ("other.example.org", "other.example.org")],
    indirect=["secure"],
)
def test_an_unknown_authority_or_another_host_is_refused_at_once(
    secure: Loopback, trusted: str, certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / f"{trusted}.crt"))
    events: list[RequestEvent] = []
    with client(tmp_path, Names([PUBLIC]), Dials(secure.port), events) as made, pytest.raises(Refused, match="certificate"):
        made.get("https://api.example.org/x")
    assert secure.seen == []
    assert [event.outcome for event in events] == [
        "connection_failed",
        "connection_failed",
    ]  # one try: a certificate does not mend itself
    assert threading.active_count() < 20
