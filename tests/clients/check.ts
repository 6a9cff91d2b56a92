// What every client must get: DEP-59, its members, and a page of observations, as rows with types.

declare const process: { argv: string[]; env: Record<string, string | undefined> };

export const url = process.argv[2] ?? "";

export function equal(found: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  }
}

/** The rows that clients get, each as far as it has a type. */
export interface Rows {
  territory: { code: string; name?: string; kind?: string };
  members: { code: string; name?: string }[];
  observations: { territory_code: string; period: string; value?: number | null; statuses?: string[] }[];
}

export function check({ territory, members, observations }: Rows, client: string): void {
  equal([territory.code, territory.name, territory.kind], ["DEP-59", "Nord", "departement"], client);
  equal(members.length, 5, `${client}: members`);
  equal(members.every((member) => member.code.startsWith("COM-") && typeof member.name === "string"), true, client);
  equal(observations.length, 3, `${client}: observations`);
  for (const row of observations) {
    equal(["DEP-59", "REG-32"].includes(row.territory_code) && row.period >= "2018", true, `${client}: ${JSON.stringify(row)}`);
    equal(typeof row.value === "number" && Array.isArray(row.statuses), true, `${client}: ${JSON.stringify(row)}`);
  }
  console.log(`${client}: DEP-59, its members and a page of observations`);
}
