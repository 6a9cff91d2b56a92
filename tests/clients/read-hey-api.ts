import { check, url } from "./check";
import { getTerritory, listObservations, listTerritoryMembers } from "./hey-api/sdk.gen";
import { client } from "./hey-api/client.gen";
import type { Territory } from "./hey-api/types.gen";

client.setConfig({ baseUrl: url as "/" });
const path = { territory_code: "DEP-59" };
const territory = await getTerritory({ path, throwOnError: true });
const members = await listTerritoryMembers({ path, query: { kind: ["commune"], limit: 5 }, throwOnError: true });
const observations = await listObservations({
  query: { territory_code: ["DEP-59", "REG-32"], filters: { period__gte: "2019", value__isnull: false }, limit: 3 },
  throwOnError: true,
});
const row: Territory = territory.data.data;
check({ territory: row, members: members.data.data, observations: observations.data.data }, "hey-api");
