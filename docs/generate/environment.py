"""docs/reference/environment.md: the variables that Cynthus reads."""

from __future__ import annotations

from cynthus.settings import ENVIRONMENT, OF_PLACES
from docs.generate.markdown import table

HEAD = """\
# Environment variables

Cynthus itself reads these:

"""

TAIL = """
What you have set for other programs does not reach an app by accident. Terraform gets the environment it is called in,
so that your login at a cloud works, and of the `TF_` variables those that lead to registries, mirrors and state
(`TF_CLI_CONFIG_FILE`, `TF_TOKEN_*`, `TF_PLUGIN_CACHE_*`, ...): others, such as `TF_VAR_*`, `TF_CLI_ARGS*`,
`TF_DATA_DIR` and `TF_LOG`, would change a plan or another state without a trace in the folder. Ansible and main.py get
an allowed few: `ANSIBLE_*` and `PYTHON*` are not among them. Name under `env:` what the app needs.

main.py finds a few variables more: `CYNTHUS_RUN_ID`, `CYNTHUS_DEPLOYMENT`, `CYNTHUS_ATTEMPT` (by which its processes
are known) and `PYTHONUNBUFFERED=1` (so that its output can be followed); in a virtual environment also `VIRTUAL_ENV`
and a `PATH` that begins there, in a container a `HOME`. What stands under `env:` counts more than any of them but
`CYNTHUS_ATTEMPT`.
"""


def page() -> str:
    """Every variable and what it does."""
    rows = [(f"`{name}`", says) for name, says in {**ENVIRONMENT, **OF_PLACES}.items()]
    return HEAD + table(("variable", "meaning"), rows) + TAIL
