import { check, url } from "./check";
import { Configuration, ObservationsApi, TerritoriesApi, type Territory } from "./typescript-fetch";

const configuration = new Configuration({ basePath: url });
const territories = new TerritoriesApi(configuration);
const territory = await territories.getTerritory({ territoryCode: "DEP-59" });
const members = await territories.listTerritoryMembers({ territoryCode: "DEP-59", kind: ["commune"], limit: 5 });
const observations = await new ObservationsApi(configuration).listObservations({
  territoryCode: ["DEP-59", "REG-32"],
  filters: { period__gte: "2019", value__isnull: false },
  limit: 3,
});
const row: Territory = territory.data;
check({ territory: row, members: members.data, observations: observations.data }, "typescript-fetch");
