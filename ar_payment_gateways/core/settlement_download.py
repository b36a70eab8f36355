"""Which addresses a bill may be downloaded from."""

from collections.abc import Sequence
from urllib.parse import urlsplit


def is_download_of(url: str, hosts: Sequence[str], simulator: str = "") -> bool:
    """Tell whether `url` is an address of the gateway: https, the usual port, one of its hosts, nobody's name in it.

    :param hosts: ends of host names with their dot, such as ".alipay.com".
    :param simulator: address of a simulator on this machine that may be used as well; empty where none may.
    """
    try:
        parts, own = urlsplit(url), urlsplit(simulator)
        port, own_port = parts.port, own.port
    except ValueError:
        return False
    if any(char <= " " or char == "\\" for char in url):
        return False
    if own.hostname and (parts.scheme, parts.netloc, port) == (own.scheme, own.netloc, own_port):
        return True
    host = parts.hostname or ""
    return (
        parts.scheme == "https"
        and port in (None, 443)
        and parts.username is None
        and any(host.endswith(end) and len(host) > len(end) for end in hosts)
    )


def download_address(url: str, hosts: Sequence[str], simulator: str = "") -> str | None:
    """Return the address to ask for a bill, None if `url` is none of the gateway's.

    Alipay names addresses without TLS (http://dwbillcenter.alipay.com/...): they are asked with it.
    """
    if is_download_of(url, hosts, simulator):
        return url
    secure = f"https://{url.removeprefix('http://')}"
    return secure if url.startswith("http://") and is_download_of(secure, hosts) else None
