"""How Google's services say no: the texts that programs look for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.testing.gcs_objects import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
"""What newer services write beside the number."""

REASONS = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "alreadyExists",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    503: "backendError",
}

TITLES = {
    "compute": "Compute Engine API",
    "storage": "Cloud Storage API",
    "iam": "Identity and Access Management (IAM) API",
    "iamcredentials": "IAM Service Account Credentials API",
    "resourcemanager": "Cloud Resource Manager API",
    "artifactregistry": "Artifact Registry API",
    "secretmanager": "Secret Manager API",
    "serviceusage": "Service Usage API",
    "cloudbilling": "Cloud Billing API",
    "cloudquotas": "Cloud Quotas API",
    "iap": "Cloud Identity-Aware Proxy API",
    "oslogin": "Cloud OS Login API",
}
"""The services, and what they are called where they are not enabled."""

HOSTS = {name: f"{name}.googleapis.com" for name in TITLES} | {
    "resourcemanager": "cloudresourcemanager.googleapis.com"
}

_BILLING = (
    "This API method requires billing to be enabled. Please enable billing on project #{number} by visiting "
    "https://console.developers.google.com/billing/enable?project={number} then retry. If you enabled billing for "
    "this project recently, wait a few minutes for the action to propagate to our systems and retry."
)
_DISABLED = (
    "{title} has not been used in project {number} before or it is disabled. Enable it by visiting "
    "https://console.developers.google.com/apis/api/{host}/overview?project={number} then retry. If you enabled this "
    "API recently, wait a few minutes for the action to propagate to our systems and retry."
)


def refusal(code: int, message: str, reason: str = "", **more: object) -> Refusal:
    """One with what belongs to its number."""
    told: Mapping[str, object] = {"status": STATUS[code], **more} if code in STATUS else more
    return Refusal(code, message, reason=reason or REASONS.get(code, "invalid"), more=told)


def invalid(field: str, value: object, why: str) -> Refusal:
    """What Compute Engine says of a value that it does not take."""
    return refusal(400, f"Invalid value for field '{field}': '{value}'. {why}")


def missing(path: str) -> Refusal:
    """What Compute Engine says of what is not there."""
    return refusal(404, f"The resource '{path}' was not found")


def taken(path: str) -> Refusal:
    """What it says of what is there already."""
    return refusal(409, f"The resource '{path}' already exists")


def in_use(path: str, by: str) -> Refusal:
    """What it says of what cannot go yet."""
    return refusal(400, f"The {path!r} resource is already being used by {by!r}", "resourceInUseByAnotherResource")


def unknown_token() -> Refusal:
    """What all say to who is not known."""
    return refusal(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    )


def denied(service: str, permission: str, resource: str, who: str) -> Refusal:
    """What is said to who lacks a permission; each service has words of its own."""
    if service == "compute":
        return refusal(403, f"Required '{permission}' permission for '{resource}'")
    if service == "storage":
        return refusal(
            403,
            f"{who} does not have {permission} access to the Google Cloud Storage {_kept(resource)}. "
            f"Permission '{permission}' denied on resource (or it may not exist).",
        )
    info = _info("IAM_PERMISSION_DENIED", permission=permission, resource=resource)
    text = f"Permission '{permission}' denied on resource '{resource}' (or it may not exist)."
    return refusal(403, text, details=[info])


def disabled(service: str, number: str) -> Refusal:
    """What a service says that is not enabled in a project."""
    host = HOSTS[service]
    info = _info("SERVICE_DISABLED", consumer=f"projects/{number}", service=host)
    text = _DISABLED.format(title=TITLES[service], number=number, host=host)
    return refusal(403, text, "accessNotConfigured", details=[info])


def without_billing(service: str, number: str) -> Refusal:
    """What a service says where nobody pays."""
    if service == "storage":
        return refusal(
            403, "The billing account for the owning project is disabled in state absent", "accountDisabled"
        )
    info = _info("BILLING_DISABLED", consumer=f"projects/{number}", service=HOSTS[service])
    return refusal(403, _BILLING.format(number=number), details=[info])


def no_project(service: str, project: str) -> Refusal:
    """What is said of a project that is not there. Few services tell it from one that is somebody else's."""
    if service == "compute":
        return missing(f"projects/{project}")
    if service == "storage":
        return refusal(400, f"Unknown project id: {project}")
    if service == "resourcemanager":
        return refusal(403, "The caller does not have permission")
    info = _info("CONSUMER_INVALID", consumer=f"projects/{project}", service=HOSTS[service])
    return refusal(403, f"Permission denied on resource project {project}.", details=[info])


def not_on_its_account(project: str) -> Refusal:
    """What is said to who names a project to be asked for whose services they may not use."""
    text = f"Caller does not have required permission to use project {project}. Grant the caller the roles/"
    more = "serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission"
    return refusal(403, f"{text}{more}", details=[_info("USER_PROJECT_DENIED", consumer=f"projects/{project}")])


def constrained(name: str, number: str, more: str = "") -> Refusal:
    """What is said where a policy of the organisation forbids it."""
    return refusal(412, f"Constraint constraints/{name} violated for project {number}.{more}")


def _info(reason: str, **metadata: str) -> Mapping[str, object]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata,
    }


def _kept(resource: str) -> str:
    return "object" if "/o/" in resource else "bucket"
