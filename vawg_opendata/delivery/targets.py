"""Targets: where packages are delivered, declared in a YAML file, and the secrets that reaching them takes.

    targets:
      london-datastore:
        kind: datapress
        audience: datastore
        url: https://data.london.gov.uk
        key: {env: LONDON_DATASTORE_KEY}
        sharing: public
        datasets: {vawg-offences: ab12x, female-homicide: cd34y}

A secret is never in the file: it is `{env: NAME}` or `{file: PATH}`, read when a target is used, and shown nowhere. Every key
is checked before anything is sent; a target of one audience may not share a place with one of another.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from vawg_opendata.delivery.errors import TargetError

PUBLIC = "datastore"
_SECRET_WORDS = ("secret", "password", "token", "account_key", "access_key", "credential", "sas")


def _downwards(folder: str) -> str:
    """A folder as it is; ValueError for one that could lead out of the place that is declared."""
    if ".." in folder.split("/"):
        raise ValueError("must not lead upwards")
    return folder


def _root_downwards(options: dict[str, str]) -> dict[str, str]:
    _downwards(options.get("root", ""))
    return options


class _Declared(BaseModel):
    """What is declared: nothing unknown, nothing of another type, nothing repeated in an error, which could be a secret."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Secret(_Declared):
    """Where a secret is. `read` gives it; printing it gives the place."""

    env: str = ""
    file: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> "Secret":
        if bool(self.env) == bool(self.file):
            raise ValueError("must be either {env: NAME} or {file: PATH}")
        return self

    def read(self, environment: Mapping[str, str] = os.environ) -> str:
        """The secret. TargetError where the place has none."""
        path = Path(self.file).expanduser()
        value = environment.get(self.env, "") if self.env else path.read_text(encoding="utf-8").strip() if path.is_file() else ""
        if not value:
            raise TargetError(f"There is no secret in the {'environment variable' if self.env else 'file'} {self.env or self.file}.")
        return value


class Target(_Declared):
    """What all targets have. `timeout` is how long to wait for an answer, in seconds."""

    name: str
    audience: Literal["datastore", "safestats"]
    timeout: Annotated[float, Field(gt=0)] = 60.0

    @property
    def places(self) -> tuple[str, ...]:
        """What it writes to, as texts of which one begins with another exactly where it lies within the other."""
        raise NotImplementedError


class ObjectStoreTarget(Target):
    """A folder of a bucket or container; `options` and `secrets` are those of the service in Apache OpenDAL.

    The services are such as show an object whole or not at all. Of them only S3 is tested here.
    """

    kind: Literal["object-store"]
    service: Literal["s3", "azblob", "gcs", "swift", "oss", "obs", "cos", "b2"]
    options: Annotated[dict[str, str], AfterValidator(_root_downwards)]
    secrets: dict[str, Secret] = {}
    folder: Annotated[str, AfterValidator(_downwards)] = ""

    @model_validator(mode="after")
    def _secrets_apart(self) -> "ObjectStoreTarget":
        leaked = [key for key in self.options if any(word in key for word in _SECRET_WORDS)]
        if leaked:
            raise ValueError(f"options.{leaked[0]} is a secret: declare it below 'secrets' as {{env: NAME}} or {{file: PATH}}")
        return self

    @property
    def places(self) -> tuple[str, ...]:
        """The container, then the folder."""
        container = [self.options.get(key, "") for key in ("account_name", "bucket", "container")]  # an endpoint has several names
        return ("/".join([self.service, *container, *_parts(self.options.get("root", "")), *_parts(self.folder), ""]),)


class SftpTarget(Target):
    """A folder of an SFTP server, whose host key must be in `known_hosts`. Either a private key or a password."""

    kind: Literal["sftp"]
    host: str
    port: int = 22
    user: str
    known_hosts: str
    folder: Annotated[str, AfterValidator(_downwards)]
    key_file: str = ""
    passphrase: Secret | None = None
    password: Secret | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> "SftpTarget":
        if bool(self.key_file) == bool(self.password):
            raise ValueError("needs either key_file or password")
        return self

    @property
    def places(self) -> tuple[str, ...]:
        """The server, then the folder."""
        return ("/".join(["sftp", self.host.lower(), str(self.port), *_parts(self.folder), ""]),)


class _SiteTarget(Target):
    """A site that shows datasets with files, reached with a key over HTTPS. `datasets` are its datasets by product."""

    url: str
    key: Secret
    datasets: Annotated[dict[str, str], Field(min_length=1)]

    @model_validator(mode="after")
    def _safe_address(self) -> "_SiteTarget":
        address = urlsplit(self.url)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in ("127.0.0.1", "::1", "localhost")):
            raise ValueError("the url must begin with https://, because a key is sent")
        if address.username or address.query or address.fragment:
            raise ValueError("the url must be the address of the site alone")
        return self

    @property
    def places(self) -> tuple[str, ...]:
        """The site, then each dataset."""
        return tuple("/".join(["site", urlsplit(self.url).netloc.lower(), dataset, ""]) for dataset in self.datasets.values())


class DataPressTarget(_SiteTarget):
    """A site of DataPress, such as the London Datastore. `datasets` are ids of datasets that exist.

    `sharing` is what the datasets are set to, always, because the site's own default is public.
    """

    kind: Literal["datapress"]
    sharing: Literal["public", "private"]

    @model_validator(mode="after")
    def _not_public(self) -> "DataPressTarget":
        if self.sharing == "public" and self.audience != PUBLIC:
            raise ValueError("sharing must be private, because its audience is not the public")
        return self


class CkanTarget(_SiteTarget):
    """A CKAN site. `datasets` are names of datasets; one that is not there is made, for `organisation`."""

    kind: Literal["ckan"]
    organisation: str
    private: bool

    @model_validator(mode="after")
    def _not_public(self) -> "CkanTarget":
        if not self.private and self.audience != PUBLIC:
            raise ValueError("private must be true, because its audience is not the public")
        return self


_ANY: TypeAdapter = TypeAdapter(Annotated[ObjectStoreTarget | SftpTarget | DataPressTarget | CkanTarget, Field(discriminator="kind")])


def read_targets(path: Path) -> dict[str, Target]:
    """The targets declared in a file, by name. TargetError with all that is wrong with one of them."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TargetError(f"There is no file {path} that declares targets.") from None
    except yaml.YAMLError as error:
        # the error itself quotes the line, in which there may be a secret that somebody typed
        mark = getattr(error, "problem_mark", None)
        raise TargetError(f"{path}{f', line {mark.line + 1}' if mark else ''}: is not YAML.") from None
    declared = document.get("targets") if isinstance(document, dict) else None
    if not isinstance(declared, dict) or not declared or set(document) != {"targets"}:
        raise TargetError(f"{path}: must have the key 'targets' and no other, and below it the targets by name.")
    targets = {str(name): _target(f"{path}, target {name}", str(name), part) for name, part in declared.items()}
    _keep_apart(path, list(targets.values()))
    return targets


def _target(where: str, name: str, declared: object) -> Target:
    if not isinstance(declared, dict):
        raise TargetError(f"{where}: must be a mapping.")
    try:
        return _ANY.validate_python({**declared, "name": name})
    except ValidationError as error:
        problems = [_problem(details["loc"], details["msg"]) for details in error.errors(include_url=False, include_input=False, include_context=False)]
        raise TargetError(f"{where}: {'; '.join(problems)}.") from None


def _problem(location: Sequence[int | str], message: str) -> str:
    """What is wrong where; the first part of a location is the kind of the target."""
    return ": ".join(filter(None, (".".join(map(str, location[1:])), message.removeprefix("Value error, "))))


def _keep_apart(path: Path, targets: Sequence[Target]) -> None:
    """Refuse a place of one audience in, above or at a place of another: who may read the one could read the other."""
    for index, one in enumerate(targets):
        for other in targets[index + 1 :]:
            shared = [a for a in one.places for b in other.places if a.startswith(b) or b.startswith(a)]
            if one.audience != other.audience and shared:
                raise TargetError(f"{path}: the targets {one.name} and {other.name} are for different audiences and share the place {shared[0]}")


def _parts(folder: str) -> list[str]:
    return [part for part in folder.split("/") if part not in ("", ".")]
