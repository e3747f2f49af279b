"""What SCIM clients are told about this server (RFC 7643, 5 to 7): what it can do, which kinds of things it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    ETag,
    Filter,
    Meta,
    Patch,
    Resource,
    ResourceType,
    ServiceProviderConfig,
    Sort,
)

from gateway.http.scim_query import LARGEST_PAGE
from gateway.http.scim_schema import Enterprise, Group, User

_LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@dataclass(frozen=True, slots=True)
class Offer:
    """The answers of ``/ServiceProviderConfig``, ``/ResourceTypes`` and ``/Schemas``; `address` is where SCIM is."""

    address: str

    def answer(self, kind: str, id_: str) -> dict[str, Any] | None:
        """Return what stands at a place, or nothing if there is no such place."""
        if kind == "ServiceProviderConfig" and not id_:
            return _dumped(self._config())
        made = {"ResourceTypes": self._resource_types, "Schemas": self._schemas}.get(kind)
        if made is None:
            return None
        found = made()
        if id_:
            return found.get(id_)
        return {"schemas": [_LIST], "totalResults": len(found), "startIndex": 1, "itemsPerPage": len(found),
                "Resources": list(found.values())}

    def _config(self) -> ServiceProviderConfig:
        return ServiceProviderConfig(
            patch=Patch(supported=True), bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
            filter=Filter(supported=True, max_results=LARGEST_PAGE), change_password=ChangePassword(supported=False),
            sort=Sort(supported=False), etag=ETag(supported=True),
            authentication_schemes=[AuthenticationScheme(
                type=AuthenticationScheme.Type("oauthbearertoken"), name="Kennwort",
                description="Bearer-Kennwort aus KI_PFORTE_SCIM_TOKEN", primary=True)],
            meta=self._meta("ServiceProviderConfig", "ServiceProviderConfig"))

    def _resource_types(self) -> dict[str, dict[str, Any]]:
        types = [ResourceType.from_resource(model) for model in (User, Group)]
        for type_ in types:
            type_.meta = self._meta("ResourceType", f"ResourceTypes/{type_.id}")
        return {str(type_.id): _dumped(type_) for type_ in types}

    def _schemas(self) -> dict[str, dict[str, Any]]:
        schemas = [model.to_schema() for model in (User, Enterprise, Group)]
        for schema in schemas:
            schema.meta = self._meta("Schema", f"Schemas/{schema.id}")
        return {str(schema.id): _dumped(schema) for schema in schemas}

    def _meta(self, kind: str, place: str) -> Meta:
        return Meta(resource_type=kind, location=f"{self.address}/{place}")


def _dumped(resource: Resource[Any]) -> dict[str, Any]:
    return resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
