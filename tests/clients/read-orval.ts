import { check, url } from "./check";
import { getTerritory, listObservations, listTerritoryMembers, type Territory } from "./orval/client";

// Orval writes an object as "[object Object]": its clients send no filters with an operator. Its addresses are relative, as the document's server is.
const send = globalThis.fetch;
globalThis.fetch = (address, options) => send(typeof address === "string" ? url + address : address, options);

const territory = await getTerritory("DEP-59");
const members = await listTerritoryMembers("DEP-59", { kind: ["commune"], limit: 5 });
const observations = await listObservations({
  territory_code: ["DEP-59", "REG-32"],
  limit: 3,
});
if (territory.status !== 200 || members.status !== 200 || observations.status !== 200) {
  throw new Error(JSON.stringify([territory, members, observations]));
}
const row: Territory = territory.data.data;
check({ territory: row, members: members.data.data, observations: observations.data.data }, "orval");
