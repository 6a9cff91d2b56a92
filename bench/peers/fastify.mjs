// Owns the peer on Node: Fastify with pg, as its documentation shows it. Each question has a route with a schema of its answer and a
// named statement, which pg prepares once for each of its connections. Usage: node fastify.mjs QUESTIONS FOLDER-OF-THE-SOCKET. The server prints its
// address.

import { readFileSync } from 'node:fs';
import fastify from 'fastify';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';

const [file, host] = process.argv.slice(2);
const pool = new pg.Pool({ host, user: 'reperes', database: 'postgres', max: 10 });
const app = fastify();
const TYPES = { [pg.types.builtins.INT4]: 'integer', [pg.types.builtins.FLOAT8]: 'number' };

/** The schema of an answer, from the columns that the statement returns without parameters. */
async function schema(sql) {
  const { fields } = await pool.query(`SELECT * FROM (${sql.replace(/\$\d+/g, 'NULL')}) q LIMIT 0`);
  const properties = Object.fromEntries(
    fields.map(({ name, dataTypeID }) => [name, { type: TYPES[dataTypeID] ?? 'string', nullable: true }]),
  );
  const data = { type: 'array', items: { type: 'object', properties } };
  return { response: { 200: { type: 'object', properties: { data } } } };
}

for (const { address, binds, sql, copy } of JSON.parse(readFileSync(file, 'utf8'))) {
  if (copy) {
    app.get(address, async (_, reply) => {
      const client = await pool.connect();
      const rows = client.query(copyTo(copy));
      rows.once('close', () => client.release());
      return reply.type('text/csv').send(rows);
    });
    continue;
  }
  app.get(address, { schema: await schema(sql) }, async (request) => {
    const values = binds.map((name) => request.query[name]);
    const { rows } = await pool.query({ name: address, text: sql, values });
    return { data: rows };
  });
}

console.log((await app.listen({ host: '127.0.0.1', port: 0 })).replace('http://', ''));
