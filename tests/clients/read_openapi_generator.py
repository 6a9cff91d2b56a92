"""openapi-generator's python: DEP-59, its members, and a page of observations, as objects with types."""

import sys

from reperes_generated import ApiClient, Configuration
from reperes_generated.api import ObservationsApi, TerritoriesApi
from reperes_generated.models import ObservationFilters, Territory

with ApiClient(Configuration(host=sys.argv[1])) as client:
    territories = TerritoriesApi(client)
    territory = territories.get_territory("DEP-59")
    assert isinstance(territory.data, Territory), territory
    assert (territory.data.code, territory.data.name, territory.data.kind) == ("DEP-59", "Nord", "departement"), territory
    members = territories.list_territory_members("DEP-59", kind=["commune"], limit=5)
    assert len(members.data) == 5 and all(member.code.startswith("COM-") for member in members.data), members
    filters = ObservationFilters(period__gte="2019", value__isnull=False)
    page = ObservationsApi(client).list_observations(territory_code=["DEP-59", "REG-32"], filters=filters, limit=3)
    assert len(page.data) == 3, page
    assert all(row.territory_code in ("DEP-59", "REG-32") and isinstance(row.value, (int, float)) for row in page.data), page
print("openapi-generator python: DEP-59, its members and a page of observations")
