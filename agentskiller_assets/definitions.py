"""The code location: a table of contents."""

import dagster as dg

from agentskiller_assets.dataset import assets as dataset_assets
from agentskiller_assets.dataset import checks as dataset_checks
from agentskiller_assets.environment import assets as environment_assets
from agentskiller_assets.environment import checks as environment_checks
from agentskiller_assets.evaluation import assets as evaluation_assets
from agentskiller_assets.evaluation import checks as evaluation_checks
from agentskiller_assets.fusion import assets as fusion_assets
from agentskiller_assets.fusion import checks as fusion_checks
from agentskiller_assets.fusion import pair_catalog
from agentskiller_assets.jobs import JOBS
from agentskiller_assets.ontology import assets as ontology_assets
from agentskiller_assets.ontology import checks as ontology_checks
from agentskiller_assets.rollouts import assets as rollout_assets
from agentskiller_assets.rollouts import checks as rollout_checks
from agentskiller_assets.tasks import assets as task_assets
from agentskiller_assets.tasks import checks as task_checks
from io_managers.databases import DatabaseIOManager
from io_managers.records import RecordsIOManager
from resources.author import AuthorResource
from resources.llm import LLMResource
from resources.speakers import AgentResource, JudgeResource, UserResource
from resources.warehouse import WarehouseResource

# configured at launch, so that there is one for each run, and what a run says of `llm` holds for author, agent and user
warehouse = WarehouseResource.configure_at_launch()
llm = LLMResource.configure_at_launch(warehouse=warehouse)
ASSETS = [
    ontology_assets,
    environment_assets,
    task_assets,
    pair_catalog,
    fusion_assets,
    rollout_assets,
    evaluation_assets,
    dataset_assets,
]
CHECKS = [
    ontology_checks,
    environment_checks,
    task_checks,
    pair_catalog,
    fusion_checks,
    rollout_checks,
    evaluation_checks,
    dataset_checks,
]

defs = dg.Definitions(
    assets=dg.load_assets_from_modules(ASSETS),
    asset_checks=dg.load_asset_checks_from_modules(CHECKS),
    jobs=JOBS,
    executor=dg.in_process_executor,
    resources={
        "agent": AgentResource(llm=llm),
        "author": AuthorResource(llm=llm),
        "llm": llm,
        "judge": JudgeResource(llm=llm),
        "user": UserResource(llm=llm),
        "warehouse": warehouse,
        "records": RecordsIOManager(warehouse=warehouse),
        "databases": DatabaseIOManager(warehouse=warehouse),
    },
)
