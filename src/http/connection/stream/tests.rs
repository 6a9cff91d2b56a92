//! Tests of the stream of a connection: what may stand in for bytes that are written, and what goes out as it is.

use std::sync::Arc;

use actix_web::body::BoxBody;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const REFUSAL: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n";

async fn connection() -> (ClientStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("it connects");
    let (server, _) = listener.accept().await.expect("it is accepted");
    (ClientStream::new(server, Timeouts::default(), (Box::new(()), Arc::default()), Arc::from("http://x.example")), client)
}

/// What the client receives when the server writes these pieces, each with a flush after it if `true`, and closes.
async fn received(mut server: ClientStream, mut client: TcpStream, pieces: &[(&[u8], bool)]) -> String {
    client.shutdown().await.expect("the client says no more");
    for (bytes, flush) in pieces {
        server.write_all(bytes).await.expect("it is written");
        if *flush {
            server.flush().await.expect("it is flushed");
        }
    }
    server.shutdown().await.expect("it is closed");
    drop(server);
    let mut all = String::new();
    client.read_to_string(&mut all).await.expect("the client reads");
    all
}

/// The request reaches the application, and its answer is encoded to the end.
fn answer(tracker: &RequestTracker) {
    tracker.start();
    drop(tracker.clone().until_sent(BoxBody::new(())));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[actix_web::test]
async fn a_refusal_of_the_framework_becomes_a_problem_document() {
    let (server, client) = connection().await;
    let first = received(server, client, &[(REFUSAL, true)]).await;
    assert!(first.starts_with("HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json"), "{first}");
    assert_eq!(first.matches("HTTP/1.1 400 ").count(), 1, "{first}");
    let (server, client) = connection().await;
    answer(&server.tracker());
    let later = received(server, client, &[(b"<answer>", true), (REFUSAL, true)]).await;
    assert!(later.starts_with("<answer>HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json"), "{later}");
}

#[actix_web::test]
async fn the_bytes_of_an_answer_never_become_one() {
    // In the middle of a body, whatever was flushed before.
    let (server, client) = connection().await;
    let tracker = server.tracker();
    tracker.start();
    assert_eq!(
        received(server, client, &[(b"<head>", true), (REFUSAL, true), (REFUSAL, false)]).await,
        ["<head>", &text(REFUSAL), &text(REFUSAL)].concat()
    );
    // At the end of a body that is encoded, and at the end of the next one.
    let (server, client) = connection().await;
    answer(&server.tracker());
    assert_eq!(received(server, client, &[(REFUSAL, false), (REFUSAL, true)]).await, text(&REFUSAL.repeat(2)));
    let (server, client) = connection().await;
    let tracker = server.tracker();
    answer(&tracker);
    answer(&tracker);
    assert_eq!(received(server, client, &[(REFUSAL, true)]).await, text(REFUSAL));
}

#[actix_web::test]
async fn a_refusal_that_shares_a_write_with_an_answer_stays_a_bare_status() {
    let (server, client) = connection().await;
    answer(&server.tracker());
    let all = [b"<answer>", REFUSAL].concat();
    assert_eq!(received(server, client, &[(&all, true)]).await, text(&all));
}
