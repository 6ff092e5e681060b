"""A real nginx and a real Apache with TLS before the webhook, as an ordinary user, with the snippets of deploy/."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from ringbackd.sandbox.kit import Root
from ringbackd.sandbox.process import Process, free_port, run, until

DEPLOY = Path(__file__).parents[2] / "deploy"
CLIENT = "127.0.0.2"
"""Where requests come from, so that the proxy, which is 127.0.0.1, can be told apart."""
NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        include {folder}/ringback.conf;
    }}
}}
"""
APACHE_MODULES = ("mpm_event", "authz_core", "ssl", "socache_shmcb", "proxy", "proxy_http")
APACHE = """
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
Mutex file:{folder}
ErrorLog {folder}/error.log
ServerName localhost
Listen 127.0.0.1:{port}
{modules}
{user}
<VirtualHost 127.0.0.1:{port}>
    SSLEngine on
    SSLCertificateFile {folder}/cert.pem
    SSLCertificateKeyFile {folder}/key.pem
    Include {folder}/ringback.conf
</VirtualHost>
"""
OPENSSL = "[req]\ndistinguished_name = name\nx509_extensions = more\n[name]\n[more]\nsubjectAltName = IP:127.0.0.1\n"


@asynccontextmanager
async def proxy(root: Root, name: str, folder: Path, webhook: int) -> AsyncIterator[httpx.AsyncClient]:
    """A client of https://127.0.0.1:PORT, where `name` (nginx, apache) passes on what is for the webhook's port."""
    await certificate(root, folder)
    port = free_port()
    snippet = (DEPLOY / f"{name}-ringback.conf").read_text(encoding="utf-8")
    (folder / "ringback.conf").write_text(snippet.replace(":8088/", f":{webhook}/"), encoding="utf-8")
    argv = _nginx(root, folder, port) if name == "nginx" else _apache(root, folder, port)
    process = await Process.start(argv, log=folder / f"{name}.log")
    trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    transport = httpx.AsyncHTTPTransport(verify=trust, local_address=CLIENT)
    try:
        async with httpx.AsyncClient(base_url=f"https://127.0.0.1:{port}", transport=transport, timeout=30) as client:
            await until(lambda: _answers(client), seconds=15, otherwise=lambda: f"{name}: {process.tail()}")
            yield client
    finally:
        await process.stop()


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        await client.get("/")
    except httpx.TransportError:
        return False
    return True


async def certificate(root: Root, folder: Path, address: str = "127.0.0.1") -> None:
    """Make cert.pem, signed by itself and good for one address, and key.pem."""
    (folder / "openssl.cnf").write_text(OPENSSL.replace("127.0.0.1", address))
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=ringback test"]
    files = ["-config", "openssl.cnf", "-keyout", "key.pem", "-out", "cert.pem"]
    paths = [str(folder / word) if "." in word else word for word in files]
    code, printed = await run([*root.argv("usr/bin/openssl"), *words, *paths])
    assert code == 0, printed


def _nginx(root: Root, folder: Path, port: int) -> list[str]:
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    return [*root.argv("usr/sbin/nginx"), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _apache(root: Root, folder: Path, port: int) -> list[str]:
    there = root.folder / "usr/lib/apache2/modules"
    modules = "\n".join(f"LoadModule {name}_module {there}/mod_{name}.so" for name in APACHE_MODULES)
    user = "User nobody\nGroup nogroup" if os.geteuid() == 0 else ""
    configuration = APACHE.format(folder=folder, port=port, modules=modules, user=user)
    (folder / "apache.conf").write_text(configuration)
    return [*root.argv("usr/sbin/apache2"), "-X", "-d", str(folder), "-f", str(folder / "apache.conf")]
