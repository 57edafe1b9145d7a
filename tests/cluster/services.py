"""Postgres, Redis and an S3 store on loopback, from Debian's packages; each ends with its block."""

import getpass
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.ports import free_port

PACKAGES = (
    "postgresql",
    "redis-server",
    "memcached",
    "swift-proxy",
    "swift-account",
    "swift-container",
    "swift-object",
)
BUCKET, ACCESS_KEY, SECRET_KEY = "warehouse", "test:tester", "testing"
_PATIENCE_S = 60.0


def missing_packages() -> list[str]:
    """What has to be installed first."""
    programs = {"redis-server": "redis-server", "memcached": "memcached", "postgresql": "pg_ctlcluster"}
    programs |= {f"swift-{name}": f"swift-{name}-server" for name in ("proxy", "account", "container", "object")}
    return [package for package, program in programs.items() if shutil.which(program) is None]


@contextmanager
def services(folder: Path) -> Iterator[dict[str, str]]:
    """All of them, and the environment by which they are found."""
    with ExitStack() as stack:
        postgres = stack.enter_context(_postgres(folder / "postgres"))
        broker = stack.enter_context(_redis(folder / "redis"))
        store = stack.enter_context(_swift(folder / "swift"))
        yield {"AGENTSKILLER_POSTGRES": postgres, "AGENTSKILLER_BROKER": broker, **store}


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """A cluster of its own; Postgres does not run as root."""
    folder.mkdir(parents=True)
    port = free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        for above in folder.parents[:-1]:
            above.chmod(above.stat().st_mode | 0o011)
        as_user = ["runuser", "-u", "postgres", "--"]
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    subprocess.run(
        [*as_user, str(programs / "initdb"), "-D", str(folder / "data"), "-U", "dagster", "--auth=trust", "-E", "UTF8"],
        check=True,
        capture_output=True,
    )
    options = ["-D", str(folder / "data"), "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"]
    with process([*as_user, str(programs / "postgres"), *options], folder / "log", port):
        yield f"postgresql+psycopg2://dagster@127.0.0.1:{port}/postgres"


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    folder.mkdir(parents=True)
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with process(["redis-server", *options], folder / "log", port):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _swift(folder: Path) -> Iterator[dict[str, str]]:
    """OpenStack Swift with its S3 interface: one proxy, and one server each for accounts, containers and objects."""
    config = folder / "etc"
    config.mkdir(parents=True)
    (folder / "devices" / "d1").mkdir(parents=True)
    policy = "[storage-policy:0]\nname = only\ndefault = yes\n"
    (config / "swift.conf").write_text(f"[swift-hash]\nswift_hash_path_suffix = test\n{policy}")
    cache, proxy = free_port(), free_port()
    with ExitStack() as stack:
        stack.enter_context(
            process(["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", str(cache)], folder / "cache.log", cache)
        )
        for server in ("account", "container", "object"):
            port = free_port()
            _make_ring(config, server, port)
            text = _SERVER.format(server=server, port=port, config=config, folder=folder, user=getpass.getuser())
            stack.enter_context(_swift_server(config, server, port, text))
        text = _PROXY.format(port=proxy, config=config, cache=cache, user=getpass.getuser())
        stack.enter_context(_swift_server(config, "proxy", proxy, text))
        address = f"http://127.0.0.1:{proxy}"
        _make_bucket(address)
        yield {
            "AGENTSKILLER_OBJECT_STORE": f"s3://{BUCKET}/shared",
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }


def _make_ring(config: Path, server: str, port: int) -> None:
    builder = str(config / f"{server}.builder")
    for step in (["create", "6", "1", "0"], ["add", f"r1z1-127.0.0.1:{port}/d1", "1"], ["rebalance"]):
        subprocess.run(["swift-ring-builder", builder, *step], check=True, capture_output=True)


@contextmanager
def _swift_server(config: Path, server: str, port: int, text: str) -> Iterator[None]:
    path = config / f"{server}-server.conf"
    path.write_text(text)
    with process([f"swift-{server}-server", str(path)], config / f"{server}.log", port):
        yield


def _make_bucket(address: str) -> None:
    """By Swift's own interface: signing a request of S3 takes a library."""
    asked = urllib.request.Request(
        f"{address}/auth/v1.0", headers={"X-Auth-User": ACCESS_KEY, "X-Auth-Key": SECRET_KEY}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        token, account = answer.headers["X-Auth-Token"], answer.headers["X-Storage-Url"]
    made = urllib.request.Request(f"{account}/{BUCKET}", method="PUT", headers={"X-Auth-Token": token})
    with urllib.request.urlopen(made, timeout=30):
        pass


@contextmanager
def process(
    command: Sequence[str],
    log: Path,
    port: int | None = None,
    environment: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that listens on the port, if one is named, before the block begins, and is gone after it."""
    with log.open("ab") as written:
        started = subprocess.Popen(
            command, stdout=written, stderr=subprocess.STDOUT, env=environment, cwd=cwd, start_new_session=True
        )
        try:
            if port is not None:
                _wait_for(started, port, log)
            yield started
        finally:
            started.terminate()
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def _wait_for(started: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        assert started.poll() is None, log.read_text(errors="replace")[-3000:]
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(f"nothing listens on port {port}: {log.read_text(errors='replace')[-3000:]}")


_SERVER = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {config}
devices = {folder}/devices
mount_check = false
workers = 0
[pipeline:main]
pipeline = {server}-server
[app:{server}-server]
use = egg:swift#{server}
"""
_FILTERS = "catch_errors gatekeeper memcache listing_formats s3api tempauth copy slo dlo versioned_writes"
_OPTIONS = {"memcache": "memcache_servers = 127.0.0.1:{cache}", "tempauth": "user_test_tester = testing .admin"}
_PROXY = "\n".join(
    [
        "[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nuser = {user}\nswift_dir = {config}\nworkers = 0",
        f"[pipeline:main]\npipeline = {_FILTERS} proxy-server",
        *(f"[filter:{name}]\nuse = egg:swift#{name}\n{_OPTIONS.get(name, '')}" for name in _FILTERS.split()),
        "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n",
    ]
)
