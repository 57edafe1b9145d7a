"""`export`: what was made, for other programs."""

import typer

from agentskiller_assets.cli import dataset, servers, tau2

app = typer.Typer(no_args_is_help=True, help="Take what was made elsewhere.")
app.command("mcp")(servers.export_mcp)
app.command("tau2")(tau2.export_tau2)
app.command("openai")(dataset.export_openai)
app.command("hf")(dataset.export_hf)
app.command("alpaca")(dataset.export_alpaca)
