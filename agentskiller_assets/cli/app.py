"""The commands."""

import typer

from agentskiller_assets.cli import (
    clean,
    dataset,
    doctor,
    domains,
    estimate,
    fetch,
    look,
    make,
    packs,
    pairs,
    replay,
    servers,
    status,
    tau2,
    upgrade,
    verify,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Environments and certified tasks for tool-using agents. Every command works on the warehouse of "
    "AGENTSKILLER_WAREHOUSE (default: ./warehouse).",
)
app.command("run")(make.run)
app.command("status")(status.status)
app.command("verify")(verify.verify)
app.command("digests")(verify.digests)
app.command("clean")(clean.clean)
app.command("fetch")(fetch.fetch)
app.command("upgrade")(upgrade.upgrade)
app.command("show")(look.show)
app.command("lineage")(look.lineage)
app.command("sql")(look.sql)
app.command("replay")(replay.replay)
app.command("doctor")(doctor.doctor)
app.command("estimate")(estimate.estimate)
app.command("serve")(servers.serve)
servers.export.command("tau2")(tau2.export_tau2)
servers.export.command("openai")(dataset.export_openai)
servers.export.command("hf")(dataset.export_hf)
servers.export.command("alpaca")(dataset.export_alpaca)
app.add_typer(servers.export, name="export")
app.add_typer(domains.app, name="domains")
app.add_typer(pairs.app, name="pairs")
app.add_typer(packs.app, name="packs")
