// Of the representations of a list, the client has JSON.
module.exports = {
  reperes: {
    input: "openapi.json",
    output: {
      target: "orval/client.ts",
      client: "fetch",
      override: { contentType: { include: ["application/json", "application/problem+json"] } },
    },
  },
};
