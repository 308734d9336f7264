"""Google Cloud Storage, by the two requests of its interface that say what lies there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from msgspec import Struct

from cynthus import objects
from cynthus.core.reference import Description
from cynthus.credentials.google import TOKEN, Bearer, bearer
from cynthus.datasets.asking import asked
from cynthus.errors import DownloadFailed, ExtraMissing, NotLoggedIn, ReferenceUnknown, TokenNeeded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.core.reference import Reference
    from cynthus.datasets.asking import Reply

_LIST = "storage#objects"
_NO_BUCKET = "bucket does not exist"
_PERMISSIONS = "storage.objects.list and storage.objects.get (roles/storage.objectViewer has both)"


class GoogleStorage:
    """`environment` is the user's. A token is shown only where Google says no without. `endpoint` is another address of
    the service; else STORAGE_EMULATOR_HOST names one."""

    def __init__(self, environment: Mapping[str, str], *, endpoint: str = "") -> None:
        self._environment = environment
        self._named = endpoint
        self._found: Bearer | None = None

    def describe(self, reference: Reference) -> Description:
        questions = _Questions(reference, self._endpoint(), self)
        bucket, path = objects.split(reference.name)
        if path and not path.endswith("/") and not reference.files:
            one = questions.one(bucket, path)
            if one is not None:
                with _told_if_unfit(reference, "rename it there"):
                    objects.insist_on_path(path.rpartition("/")[2], path)
                return Description(reference, one.generation, one.size, 1, closed=questions.closed)
            if reference.revision:
                raise ReferenceUnknown(
                    f"{reference} is not kept", hint="a bucket without versioning has only the newest: leave `#...` out"
                )
        found = self._folder(questions, bucket, path)
        if not questions.closed:
            # Some let everybody see what there is, and few read it.
            questions.insist_on_reading(bucket, found[0])
        size = sum(each.size for each in found)
        return Description(reference, objects.pin_of(found), size, len(found), closed=questions.closed)

    def tokens(self) -> Mapping[str, str]:
        """One that is good for an hour from now on. A host may be known to Google itself, so none is no error."""
        self._found = None
        try:
            found = self.bearer()
        except (NotLoggedIn, ExtraMissing):
            return {}
        return {TOKEN: found.value} if found.value else {}

    def bearer(self) -> Bearer:
        """What shows who we are.

        Raises:
            NotLoggedIn, ExtraMissing: nothing does.
        """
        if self._found is None:
            try:
                self._found = bearer(self._environment)
            except ModuleNotFoundError as error:
                if (error.name or "").partition(".")[0] not in ("google", "requests", "urllib3"):
                    raise
                raise ExtraMissing(
                    f"to show Google who you are needs a package that is not installed: {error.name}",
                    hint=f"run `pip install 'cynthus[gcp]'`, or `export {TOKEN}=$(gcloud auth print-access-token)`",
                ) from None
        return self._found

    def _endpoint(self) -> str:
        try:
            return self._named or objects.endpoint(self._environment)
        except objects.Unfit as unfit:
            raise DownloadFailed(str(unfit), hint="name one on this machine, or with https://") from None

    def _folder(self, questions: _Questions, bucket: str, path: str) -> list[objects.Object]:
        reference, prefix = questions.reference, objects.prefix_of(path)
        with _told_if_unfit(reference, "rename it there, or leave it out with `files:`"):
            found = list(objects.chosen(questions.below(bucket, prefix), prefix, reference.files).values())
        if not found:
            what = f"no object of {reference} fits {', '.join(reference.files)}" if reference.files else (
                f"there is nothing at {reference}"
            )  # fmt: skip
            above = prefix if reference.files else objects.prefix_of(path.rstrip("/").rpartition("/")[0])
            raise ReferenceUnknown(what, hint=f"`gcloud storage ls gs://{bucket}/{above}` shows what is there")
        return found


@contextmanager
def _told_if_unfit(reference: Reference, hint: str) -> Iterator[None]:
    """Raises: DownloadFailed, where within the block something cannot be a file."""
    try:
        yield
    except objects.Unfit as unfit:
        raise DownloadFailed(f"{reference} cannot come as files: {unfit}", hint=hint) from None


class _Questions:
    """Those about one reference. `closed` says whether one had to be asked with a token."""

    def __init__(self, reference: Reference, endpoint: str, place: GoogleStorage) -> None:
        self.reference = reference
        self.closed = False
        self._endpoint = endpoint
        self._place = place

    def one(self, bucket: str, name: str) -> objects.Object | None:
        """The object that has this very name; None where there is none, or nobody tells us."""
        generation = {"generation": self.reference.revision} if self.reference.revision else {}
        reply = self._ask(f"{_of(bucket)}/{quote(name, safe='')}", {"fields": objects.FIELDS, **generation})
        if reply.status == 200:
            return self._told(reply.document)
        if reply.status == 404 and _NO_BUCKET not in _text(reply):
            return None
        if reply.status in (401, 403) and not self.reference.revision:
            # Who may only list is told the same of what is not there as of what is closed.
            return None
        raise self._refusal(reply)

    def insist_on_reading(self, bucket: str, one: objects.Object) -> None:
        """See that it would be given to us: with a token, where it is not to everybody."""
        reply = self._ask(f"{_of(bucket)}/{quote(one.name, safe='')}", {"fields": "name", "generation": one.generation})
        # What went meanwhile is told by who fetches it.
        if reply.status not in (200, 404):
            raise self._refusal(reply)

    def below(self, bucket: str, prefix: str) -> Iterator[objects.Object]:
        """All whose names begin so."""
        query = {"prefix": prefix, "fields": f"kind,items({objects.FIELDS}),nextPageToken"}
        token = ""
        while True:
            reply = self._ask(_of(bucket), {**query, **({"pageToken": token} if token else {})})
            if reply.status != 200:
                raise self._refusal(reply)
            document: Any = reply.document
            if not isinstance(document, dict) or document.get("kind") != _LIST:
                # Somebody else on the way, who wants us to log in first, say. An empty list has no more than this.
                raise self._senseless()
            for each in document.get("items") or ():
                yield self._told(each)
            token = str(document.get("nextPageToken") or "")
            if not token:
                return

    def _ask(self, path: str, query: Mapping[str, str]) -> Reply:
        address = f"{self._endpoint}/storage/v1/b/{path}?{urlencode(query)}"
        if not self.closed:
            reply = asked(address)
            if reply.status not in (401, 403):
                return reply
            self.closed = bool(self._mine(reply).value)
            if not self.closed:
                return reply
        return asked(address, {"Authorization": f"Bearer {self._mine().value}"})

    def _mine(self, reply: Reply | None = None) -> Bearer:
        try:
            return self._place.bearer()
        except NotLoggedIn as error:
            status = f" ({reply.status})" if reply else ""
            raise TokenNeeded(
                f"{self.reference} is not there, or not for everybody{status}, and {error.message}", hint=error.hint
            ) from None

    def _told(self, resource: Any) -> objects.Object:
        try:
            return objects.told(resource)
        except (KeyError, ValueError, TypeError):
            raise self._senseless() from None

    def _senseless(self) -> DownloadFailed:
        hint = "look at the network, and run the command again in a while"
        return DownloadFailed(f"Google says nothing that makes sense of {self.reference}", hint=hint)

    def _refusal(self, reply: Reply) -> Exception:
        bucket, _ = objects.split(self.reference.name)
        refusal = _Refusal(str(self.reference), bucket, reply.status, _text(reply), self.closed, self._hint(reply))
        return refusal.error()

    def _hint(self, reply: Reply) -> str:
        """How to log in; looked for only where that may help."""
        return self._mine(reply).hint if reply.status in (401, 403) else ""


class _Refusal(Struct, frozen=True):
    """An answer in place of a result; `known` says whether we had shown who we are, `hint` how to."""

    what: str
    bucket: str
    status: int
    text: str
    known: bool
    hint: str

    def error(self) -> Exception:
        if self.status in (401, 403) and not self.known:
            return TokenNeeded(f"{self.what} is not there, or not for everybody ({self.status})", hint=self.hint)
        if self.status == 401:
            return TokenNeeded(f"Google does not take the token for {self.what} (401)", hint=self.hint)
        if self.status == 403:
            return TokenNeeded(
                f"{self.what} is not given to you: {self.text}",
                hint=f"is the name right? names of buckets are shared by all of Google's customers. If it is, ask its "
                f"owner for {_PERMISSIONS}, or log in as somebody else: {self.hint}",
            )
        if self.status == 404:
            hint = "is the name right? `gcloud storage ls` shows the buckets of your project"
            return ReferenceUnknown(f"there is no bucket gs://{self.bucket}", hint=hint)
        return DownloadFailed(
            f"Google refuses {self.what} ({self.status}): {self.text}", hint="mend what it says, and run it again"
        )


def _of(bucket: str) -> str:
    return f"{quote(bucket, safe='')}/o"


def _text(reply: Reply) -> str:
    """Google's own words, as far as they are one short line."""
    document = reply.document
    error = document.get("error") if isinstance(document, dict) else None
    text = str(error.get("message") or "") if isinstance(error, dict) else ""
    return text.partition("\n")[0][:300] or "it does not say why"
