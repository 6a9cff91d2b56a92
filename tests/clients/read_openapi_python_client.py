"""openapi-python-client: DEP-59, its members, and a page of observations, as objects with types."""

import sys

from reperes_client import Client
from reperes_client.api.observations import list_observations
from reperes_client.api.territories import get_territory, list_territory_members
from reperes_client.models import ListTerritoryMembersKindItem, ObservationFilters, ObservationPage, TerritoryItem

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
territory = get_territory.sync("DEP-59", client=client)
assert isinstance(territory, TerritoryItem), territory
assert (territory.data.code, territory.data.name, territory.data.kind) == ("DEP-59", "Nord", "departement"), territory
members = list_territory_members.sync("DEP-59", client=client, kind=[ListTerritoryMembersKindItem.COMMUNE], limit=5)
assert len(members.data) == 5 and all(member.code.startswith("COM-") for member in members.data), members
filters = ObservationFilters(period_gte="2019", value_isnull=False)
page = list_observations.sync(client=client, territory_code=["DEP-59", "REG-32"], filters=filters, limit=3)
assert isinstance(page, ObservationPage) and len(page.data) == 3, page
assert all(row.territory_code in ("DEP-59", "REG-32") and isinstance(row.value, (int, float)) for row in page.data), page
print("openapi-python-client: DEP-59, its members and a page of observations")
