import createClient from "openapi-fetch";

import { check, url } from "./check";
import type { components, paths } from "./types";

const client = createClient<paths, "application/json">({ baseUrl: url });
const path = { territory_code: "DEP-59" };
const territory = await client.GET("/v1/territories/{territory_code}", { params: { path } });
const members = await client.GET("/v1/territories/{territory_code}/members", {
  params: { path, query: { kind: ["commune"], limit: 5 } },
});
const observations = await client.GET("/v1/observations", {
  params: { query: { territory_code: ["DEP-59", "REG-32"], filters: { period__gte: "2019", value__isnull: false }, limit: 3 } },
});
if (!territory.data || !members.data || !observations.data) {
  throw new Error(JSON.stringify([territory.error, members.error, observations.error]));
}
const row: components["schemas"]["Territory"] = territory.data.data;
check({ territory: row, members: members.data.data, observations: observations.data.data }, "openapi-typescript");
