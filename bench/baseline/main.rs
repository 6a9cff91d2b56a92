//! Owns the baseline servers of the benchmarks: plain actix-web that returns responses from memory, and plain actix-web with
//! tokio-postgres that runs a statement and writes its rows as JSON. Each does the least that such a server can do. Usage:
//! `baseline PLAN DATABASE`. PLAN is a JSON file with a list of `{"address", "headers", "body"}` (the name of a file),
//! `{"address", "sql"}`, `{"address", "sql", "binds"}` (a path, and the parameters of the query that are bound) and
//! `{"address", "copy"}` (a COPY that is sent as it comes). The server has one worker and prints its address.
//! Must not know the service under measurement.

mod rows;

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::Bytes;
use serde::Deserialize;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};

/// One entry of the plan.
#[derive(Deserialize)]
struct Planned {
    address: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    sql: Option<String>,
    #[serde(default)]
    binds: Vec<String>,
    copy: Option<String>,
}

/// A response in memory.
struct Held {
    headers: Vec<(header::HeaderName, header::HeaderValue)>,
    body: Bytes,
}

/// A prepared statement, and the parameters of the query that it binds, in order.
struct Stated {
    statement: Statement,
    binds: Vec<String>,
}

/// The state of the worker: the responses in memory, the prepared statements and the copies by address or path.
struct Served {
    held: HashMap<String, Held>,
    client: Client,
    stated: HashMap<String, Stated>,
    copies: HashMap<String, String>,
}

async fn answer(request: HttpRequest, served: web::Data<Served>) -> Result<HttpResponse, Box<dyn Error>> {
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    if let Some(held) = served.held.get(address) {
        let mut response = HttpResponse::Ok();
        for (name, value) in &held.headers {
            response.append_header((name.clone(), value.clone()));
        }
        return Ok(response.body(held.body.clone()));
    }
    if let Some(sql) = served.copies.get(address) {
        return Ok(HttpResponse::Ok().content_type("text/csv").streaming(served.client.copy_out(sql.as_str()).await?));
    }
    let stated = served.stated.get(address).or_else(|| served.stated.get(request.path()));
    let Some(stated) = stated else { return Ok(HttpResponse::NotFound().finish()) };
    let parameters = web::Query::<HashMap<String, String>>::from_query(request.query_string())?;
    let mut binds: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(stated.binds.len());
    for name in &stated.binds {
        let Some(value) = parameters.get(name) else { return Ok(HttpResponse::BadRequest().finish()) };
        binds.push(value);
    }
    let rows = served.client.query(&stated.statement, &binds).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(rows::json(&rows)?))
}

async fn serve(plan: &[Planned], folder: &Path, database: &str) -> Result<Served, Box<dyn Error>> {
    let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
    actix_web::rt::spawn(connection);
    client.batch_execute("SET jit = off").await?;
    let (mut held, mut stated, mut copies) = (HashMap::new(), HashMap::new(), HashMap::new());
    for planned in plan {
        if let Some(file) = &planned.body {
            let body = Bytes::from(std::fs::read(folder.join(file))?);
            let pairs = planned.headers.iter().map(|(name, value)| Ok((name.parse()?, value.parse()?)));
            held.insert(planned.address.clone(), Held { headers: pairs.collect::<Result<_, Box<dyn Error>>>()?, body });
        }
        if let Some(sql) = &planned.sql {
            let statement = client.prepare(sql).await?;
            stated.insert(planned.address.clone(), Stated { statement, binds: planned.binds.clone() });
        }
        if let Some(sql) = &planned.copy {
            copies.insert(planned.address.clone(), sql.clone());
        }
    }
    Ok(Served { held, client, stated, copies })
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [file, database] = &given[..] else { return Err("usage: baseline PLAN DATABASE".into()) };
    let plan: Arc<Vec<Planned>> = Arc::new(serde_json::from_slice(&std::fs::read(file)?)?);
    let (folder, database) = (Path::new(file).parent().unwrap_or(Path::new(".")).to_path_buf(), database.clone());
    let server = HttpServer::new(move || {
        let (plan, folder, database) = (Arc::clone(&plan), folder.clone(), database.clone());
        // The worker creates this state, so that the connection runs on its thread.
        let served = move || {
            let (plan, folder, database) = (Arc::clone(&plan), folder.clone(), database.clone());
            async move { serve(&plan, &folder, &database).await }
        };
        App::new().data_factory(served).default_service(web::to(answer))
    });
    let server = server.workers(1).bind("127.0.0.1:0")?;
    println!("{}", server.addrs()[0]);
    Ok(server.run().await?)
}
