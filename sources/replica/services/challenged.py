"""Hosts that answer every program with a challenge page, whatever is asked for."""

from __future__ import annotations

from sources.replica.faults import CLOUDFLARE_PAGE
from sources.replica.messages import Answer, Request, text_answer

CHALLENGED_HOSTS = ("www.ohchr.org", "normlex.ilo.org", "natlex.ilo.org", "www.refworld.org")


def challenged(request: Request) -> Answer:
    """Refuse a request as Cloudflare does."""
    return text_answer(CLOUDFLARE_PAGE, status=403, purpose="page", Server="cloudflare", cf_mitigated="challenge")
