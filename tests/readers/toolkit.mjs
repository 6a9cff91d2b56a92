// Reads a JSON-stat cube with jsonstat-toolkit and prints its places as JSON: node toolkit.mjs ADDRESS
import JSONstat from "jsonstat-toolkit";

const answer = await fetch(process.argv[2]);
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
const cube = JSONstat(await answer.json());
if (cube.class !== "dataset" || cube.length !== 6) throw new Error(`no cube of six dimensions: ${cube.class}, ${cube.length}`);
for (const dimension of cube.Dimension()) if (!dimension.length) throw new Error("a dimension has no category");
console.log(JSON.stringify(cube.toTable({ type: "arrobj", content: "id", status: true })));
