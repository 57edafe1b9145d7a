"""Every test of the author that asks models has a key, and nothing else from outside."""

from collections.abc import Iterator

import pytest

from tests.authoring.llm.careless import CarelessModel
from tests.authoring.llm.kit import author_at, served
from tests.authoring.llm.worlds import DOMAINS, Made, make_pair
from tests.llm.kit import KEY, VARIABLE
from tests.world import make_clinic


@pytest.fixture(autouse=True, scope="package")
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, KEY)
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AGENTSKILLER_PRICES", "AGENTSKILLER_OFFLINE"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="package")
def made(environment: None, tmp_path_factory: pytest.TempPathFactory) -> Made:
    root, model = tmp_path_factory.mktemp("warehouse"), CarelessModel()
    with served(model) as server:
        one = make_clinic(author_at(server.url, root), DOMAINS)
        pair = make_pair(author_at(server.url, root))
    return Made(root, model, server, one, pair)
