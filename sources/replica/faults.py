"""Answers that go wrong on purpose: at random, but the same for the same seed, address and number of the request."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, get_args
from urllib.parse import quote, unquote

from sources.replica.messages import Answer, Request, http_date, redirect, text_answer

Fault = Literal[
    "challenge_202",
    "cloudflare_403",
    "empty_200",
    "redirect_upper_case",
    "redirect_foreign",
    "redirect_private",
    "too_many_429",
    "unavailable_503",
    "server_error_500",
    "slow_drip",
    "truncated_body",
    "broken_chunk",
    "wrong_type",
    "html_instead",
    "expired_token",
    "reset",
]
ALL_FAULTS: tuple[Fault, ...] = get_args(Fault)

CLOUDFLARE_PAGE = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>'
    '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script></body></html>'
)
WAF_PAGE = (
    "<!DOCTYPE html><html><head><title></title><script>window.gokuProps = {};</script>"
    '<script src="https://replica.token.awswaf.com/replica/challenge.js"></script></head><body></body></html>'
)
_ERROR_PAGE = (
    "<!DOCTYPE html><html><head><title>Service temporarily unavailable</title></head><body>Please try again.</body></html>"
)
_PRIVATE = (
    "http://127.0.0.1:9/private",
    "https://10.0.0.7/private",
    "http://169.254.169.254/latest/meta-data/",
    "https://[::1]/private",
    "file:///etc/hostname",
    "https://localhost/private",
)
_GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
_EXPIRED = (
    '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>{date}</responseDate>'
    "<request>https://{host}{path}</request>"
    '<error code="badResumptionToken">The value of the resumptionToken argument is invalid or expired.</error></OAI-PMH>'
)


@dataclass
class Faults:
    """Which answers go wrong, and how.

    Attributes:
        seed: another seed breaks other answers.
        share: share of the answers that go wrong, 0 to 1.
        kinds: the faults to choose from, each as likely as the others.
        heals_after: so many faults in a row at one address are followed by a right answer; None: no promise.
        robots_share: the same share for robots.txt, of `robots_kinds`.
        retry_after: what 429 and 503 ask for, in seconds; every second time it is written as a date.
        drip_seconds: pause after each of the last twenty bytes of a slow answer.
        hosts: only these hosts; empty means all.
    """

    seed: int = 0
    share: float = 0.3
    kinds: Sequence[Fault] = ALL_FAULTS
    heals_after: int | None = None
    robots_share: float = 0.0
    robots_kinds: Sequence[Fault] = ("unavailable_503", "server_error_500", "challenge_202", "html_instead", "reset")
    retry_after: int = 1
    drip_seconds: float = 0.01
    hosts: Sequence[str] = ()
    _asked: dict[str, int] = field(default_factory=dict, repr=False)
    _in_a_row: dict[str, int] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def choose(self, request: Request) -> tuple[Fault | None, int]:
        """Return the fault of the next answer to this request, or None, and a number from which its variant is drawn."""
        is_robots = request.path == "/robots.txt"
        share, kinds = (self.robots_share, self.robots_kinds) if is_robots else (self.share, self.kinds)
        key = f"{request.method} {request.url}"
        with self._lock:
            number = self._asked.get(key, 0)
            self._asked[key] = number + 1
            fault, variant = self._draw(key, number, share, [kind for kind in kinds if _can_have(request, kind)])
            if (self.hosts and request.host not in self.hosts) or self._in_a_row.get(key, 0) == self.heals_after:
                fault = None
            self._in_a_row[key] = self._in_a_row.get(key, 0) + 1 if fault else 0
        return fault, variant

    def _draw(self, key: str, number: int, share: float, kinds: Sequence[Fault]) -> tuple[Fault | None, int]:
        digest = hashlib.sha256(f"{self.seed}|{number}|{key}".encode("utf-8", "surrogateescape")).digest()
        chance, choice, variant = (int.from_bytes(digest[at : at + 8], "big") for at in (0, 8, 16))
        if not kinds or chance / 2**64 >= share:
            return None, variant
        return kinds[choice % len(kinds)], variant


def faulty(fault: Fault, variant: int, request: Request, right: Callable[[], Answer], now: datetime, retry_after: int) -> Answer:
    """Return the wrong answer; `right` makes the right one where that is needed.

    Args:
        variant: chooses among the forms that a fault is known to have.
        now: the time of the world, for dates in headers.
        retry_after: seconds.
    """
    later = http_date(now + timedelta(seconds=retry_after)) if variant % 2 else str(retry_after)
    match fault:
        case "challenge_202":
            headers = {"Server": "awselb/2.0", "x-amzn-waf-action": "challenge"}
            return Answer(202, {**headers, "Content-Type": "text/html"}, WAF_PAGE.encode() if variant % 2 else b"")
        case "cloudflare_403":
            return text_answer(CLOUDFLARE_PAGE, status=403, Server="cloudflare", cf_mitigated="challenge")
        case "empty_200":
            return replace(right(), status=200, headers={}, body=b"")
        case "redirect_upper_case":
            path = quote(unquote(request.path).upper(), safe="/:@!$&'()*+,;=~")
            return redirect(path + (f"?{request.query}" if request.query else ""))
        case "redirect_foreign":
            return redirect(f"https://files.elsewhere.example{request.path}")
        case "redirect_private":
            return redirect(_PRIVATE[variant % len(_PRIVATE)])
        case "too_many_429":
            return text_answer("Too Many Requests", "text/plain", 429, Retry_After=later)
        case "unavailable_503":
            return text_answer(_ERROR_PAGE, status=503, Retry_After=later)
        case "server_error_500":
            return text_answer("<html><head><title>500 Internal Server Error</title></head></html>", status=500)
        case "slow_drip":
            return replace(right(), wire="drip")
        case "truncated_body":
            return replace(right(), wire="truncated")
        case "broken_chunk":
            return replace(right(), wire="broken_chunk")
        case "wrong_type":
            return Answer(200, {"Content-Type": "image/gif"}, _GIF)
        case "html_instead":
            return text_answer(_ERROR_PAGE)
        case "expired_token":
            text = _EXPIRED.format(date=now.strftime("%Y-%m-%dT%H:%M:%SZ"), host=request.host, path=request.path)
            return text_answer(text, "text/xml; charset=utf-8", 422 if variant % 2 else 200)
        case "reset":
            return replace(right(), wire="reset")


def _can_have(request: Request, fault: Fault) -> bool:
    """Return whether a fault makes sense for a request: tokens expire only where one is used."""
    return fault != "expired_token" or "resumptionToken=" in request.query
