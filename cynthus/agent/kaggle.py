"""Data sets, models and competitions of Kaggle, by its own library: in a Python that has it, for the verb `hub`.

What comes is one zip file, of a model a tar file; whoever asked unpacks it.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cynthus import web
from cynthus.agent.failure import CONTENT_WRONG, DISK_FULL, DOWNLOAD, REFERENCE_UNKNOWN, TOKEN_NEEDED, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRIES = 4
_PIECE = 1 << 16
_LONGEST_WAIT = 900.0
_AGAIN = "run the command again: what has arrived stays"
_TOKEN = "export KAGGLE_API_TOKEN=... (from kaggle.com/settings)"  # noqa: S105 - how to make one


def fetch(asked: Mapping[str, Any]) -> dict[str, object]:
    """Bring the archive to a file, which may hold its beginning.

    Raises:
        Failure: it is not there, not for us, or does not come to its end.
    """
    file = Path(asked["file"])
    left = _TRIES
    while True:
        before = file.stat().st_size if file.exists() else 0
        try:
            _download(asked, file)
            return {"bytes": file.stat().st_size}
        # What requests throws is an OSError; a size that does not fit is a ValueError.
        except (OSError, ValueError, RuntimeError) as error:
            failure = _told(error, asked)
            left = _TRIES if file.exists() and file.stat().st_size > before else left - 1
            wait = web.wait_of(getattr(getattr(error, "response", None), "headers", {}))
            if failure.code != DOWNLOAD or not left or (wait or 0) > _LONGEST_WAIT:
                raise failure from None
            time.sleep(0.2 if wait is None else wait)


def _download(asked: Mapping[str, Any], file: Path) -> None:
    from kaggle.api.kaggle_api_extended import KaggleApi
    from kagglesdk import kaggle_env
    from kagglesdk.kaggle_client import KaggleClient

    address = os.environ.get("KAGGLE_API_ENDPOINT")
    if address:
        kaggle_env._env_to_endpoint[kaggle_env.KaggleEnv.PROD] = address.rstrip("/")  # noqa: SLF001 - it has no other way
    tokens = asked["tokens"]
    client = KaggleClient(
        env=kaggle_env.KaggleEnv.PROD, username=tokens.get("KAGGLE_USERNAME"), password=tokens.get("KAGGLE_KEY"),
        api_token=tokens.get("KAGGLE_API_TOKEN"),
    )
    with client as kaggle:
        response = _response(kaggle, asked)
        found = web.validator(response.headers)
        if asked["kind"] == "competition" and asked["revision"] not in ("", found):
            raise Failure(
                f"{asked['text']} was changed since it was looked at", hint="run the command again", code=CONTENT_WRONG
            )
        # Its own retries would ask an address that is good for minutes only; ours ask for a new one.
        KaggleApi().download_file(
            response, str(file), kaggle.http_client(), quiet=True, resume=True, chunk_size=_PIECE, max_retries=0
        )


def _response(kaggle: Any, asked: Mapping[str, Any]) -> Any:
    """The answer that the archive will come with."""
    if asked["kind"] == "competition":
        from kagglesdk.competitions.types.competition_api_service import ApiDownloadDataFilesRequest

        request = ApiDownloadDataFilesRequest()
        request.competition_name = asked["name"]
        return kaggle.competitions.competition_api_client.download_data_files(request)
    if asked["kind"] == "model":
        return kaggle.models.model_api_client.download_model_instance_version(_model(asked))
    from kagglesdk.datasets.types.dataset_api_service import ApiDownloadDatasetRequest

    request = ApiDownloadDatasetRequest()
    request.owner_slug, request.dataset_slug = asked["name"].split("/")
    request.dataset_version_number = int(asked["revision"])
    return kaggle.datasets.dataset_api_client.download_dataset(request)


def _model(asked: Mapping[str, Any]) -> Any:
    from kaggle.api.kaggle_api_extended import KaggleApi
    from kagglesdk.models.types.model_api_service import ApiDownloadModelInstanceVersionRequest
    from kagglesdk.models.types.model_enums import ModelFramework

    request = ApiDownloadModelInstanceVersionRequest()
    request.owner_slug, request.model_slug, framework, request.instance_slug = asked["name"].split("/")
    request.framework = KaggleApi().lookup_enum(ModelFramework, ModelFramework.MODEL_FRAMEWORK_API, framework)
    request.version_number = int(asked["revision"])
    return request


def _told(error: Exception, asked: Mapping[str, Any]) -> Failure:
    """What went wrong, in our own words: nobody promises that the library's have no token in them."""
    text, status = asked["text"], getattr(getattr(error, "response", None), "status_code", None)
    if status == 401 or (status == 403 and not asked["tokens"]):
        which = "does not take the token that it was shown" if asked["tokens"] else "gives it only to whom it knows"
        return Failure(f"{text}: Kaggle {which} ({status})", hint=_TOKEN, code=TOKEN_NEEDED)
    if status == 403:
        page = "/".join(asked["page"].split("/")[:3])
        hint = f"accept its rules at https://www.kaggle.com/{page}"
        return Failure(f"{text} is given only to those who accepted its rules", hint=hint, code=TOKEN_NEEDED)
    if status == 404:
        return Failure(f"there is no {text}", hint="look at its page on Kaggle", code=REFERENCE_UNKNOWN)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(f"{text} does not fit on the disk", hint=f"make room on that disk and {_AGAIN}", code=DISK_FULL)
    reason = f"{status}" if status else type(error).__name__
    return Failure(f"{text} could not be fetched: {reason}", hint=_AGAIN, code=DOWNLOAD)
