//! Owns the baseline servers of the benchmarks: plain actix-web that returns responses from memory, and plain actix-web with
//! tokio-postgres that runs one statement and writes its rows as JSON. Each does the least that such a server can do. Usage:
//! `baseline PLAN DATABASE`. PLAN is a JSON file with a list of `{"address", "headers", "body"}` (the name of a file) and
//! `{"address", "sql"}`. The server has one worker and prints its address.
//! Must not know the service under measurement.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::Bytes;
use serde::Deserialize;
use tokio_postgres::{Client, NoTls, Row, Statement};

/// One entry of the plan.
#[derive(Deserialize)]
struct Planned {
    address: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    sql: Option<String>,
}

/// A response in memory.
struct Held {
    headers: Vec<(header::HeaderName, header::HeaderValue)>,
    body: Bytes,
}

/// The state of the worker: the responses in memory, and the prepared statements by address.
struct Served {
    held: HashMap<String, Held>,
    client: Client,
    statements: HashMap<String, Statement>,
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
    let Some(statement) = served.statements.get(address) else { return Ok(HttpResponse::NotFound().finish()) };
    let rows = served.client.query(statement, &[]).await?;
    let mut body = Vec::with_capacity(rows.len() * 512);
    body.extend_from_slice(b"{\"data\":[");
    for (at, row) in rows.iter().enumerate() {
        write(&mut body, at, row)?;
    }
    body.extend_from_slice(b"]}");
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}

/// Writes a row as a JSON object. All cells are texts or null.
fn write(body: &mut Vec<u8>, at: usize, row: &Row) -> Result<(), Box<dyn Error>> {
    body.extend_from_slice(if at == 0 { b"{" } else { b",{" });
    for (at, column) in row.columns().iter().enumerate() {
        body.extend_from_slice(if at == 0 { b"" } else { b"," });
        serde_json::to_writer(&mut *body, column.name())?;
        body.push(b':');
        serde_json::to_writer(&mut *body, &row.try_get::<_, Option<&str>>(at)?)?;
    }
    body.push(b'}');
    Ok(())
}

async fn serve(plan: &[Planned], folder: &Path, database: &str) -> Result<Served, Box<dyn Error>> {
    let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
    actix_web::rt::spawn(connection);
    client.batch_execute("SET jit = off").await?;
    let (mut held, mut statements) = (HashMap::new(), HashMap::new());
    for planned in plan {
        if let Some(file) = &planned.body {
            let body = Bytes::from(std::fs::read(folder.join(file))?);
            let pairs = planned.headers.iter().map(|(name, value)| Ok((name.parse()?, value.parse()?)));
            held.insert(planned.address.clone(), Held { headers: pairs.collect::<Result<_, Box<dyn Error>>>()?, body });
        }
        if let Some(sql) = &planned.sql {
            statements.insert(planned.address.clone(), client.prepare(sql).await?);
        }
    }
    Ok(Served { held, client, statements })
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
