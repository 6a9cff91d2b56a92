//! Owns the answers of a server that is not ready, on its socket and on its admin address, and their end.
//! Must not know how a server starts, nor what the answers say.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{Extensions, HttpService};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::dev::AppConfig;
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, web};
use tokio::sync::{Semaphore, watch};

use super::admission::Admission;
use crate::http::Bounds;
use crate::http::connection::stream::ClientStream;
use crate::http::handlers::starting::{self, StartingState};
use crate::http::middleware::starting::{ProblemBase, around};
use crate::metrics::ConnectionCounters;

/// How long clients wait for a server that does not know of any long step, before they are answered.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest time to close a connection.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause after a connection that could not be accepted, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers on a listener until `over` is true, and not while another process serves on the same socket. When it returns, it
/// accepts no more; the connections that it has accepted are answered. The runtime must run local tasks.
pub async fn serve(
    listener: TcpListener,
    state: StartingState,
    bounds: &Bounds,
    (mut over, mut successors): (watch::Receiver<bool>, watch::Receiver<usize>),
) -> std::io::Result<()> {
    tokio::select! {
        () = state.progress.is_long() => {}
        () = tokio::time::sleep(PATIENCE) => {}
        _ = over.wait_for(|over| *over) => return Ok(()),
    }
    let (timeouts, base) = (bounds.timeouts, Arc::clone(&state.problem_base));
    let admission = Admission::new(bounds, Arc::new(Semaphore::new(bounds.connections)), ConnectionCounters::default());
    let application = App::new()
        .app_data(ProblemBase(Arc::clone(&base)))
        .wrap(from_fn(around))
        .configure(|config| starting::routes(config, &state))
        .default_service(web::to(starting::starting))
        .into_factory()
        .map_err(|error: actix_web::Error| error.error_response());
    let service = HttpService::build()
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .on_connect_ext(|stream: &ClientStream, data: &mut Extensions| _ = data.insert(stream.tracker()))
        .h1(map_config(application, |()| AppConfig::default()))
        .new_service(())
        .await
        .map_err(|()| std::io::Error::other("the application cannot be made"))?;
    let service = std::rc::Rc::new(service);
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    log::info!("starting: answering on http://{}/ that the server is not ready", listener.local_addr()?);
    loop {
        let accepted = async {
            // The other process serves, or has just begun to start.
            _ = successors.wait_for(|number| *number == 0).await;
            listener.accept().await
        };
        let (stream, peer): (TcpStream, _) = tokio::select! {
            biased;
            _ = over.wait_for(|over| *over) => return Ok(()),
            accepted = accepted => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    log::debug!("cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let (service, admission, base) = (std::rc::Rc::clone(&service), admission.clone(), Arc::clone(&base));
        tokio::task::spawn_local(async move {
            match admission.admit(peer).await {
                Ok(place) => {
                    let idleness = place.idleness();
                    let stream = ClientStream::new(stream, timeouts, (Box::new(place), idleness), base);
                    if let Err(error) = service.call((stream, Some(peer))).await {
                        log::debug!("a connection failed during the start: {error}");
                    }
                }
                Err(why) => admission.refuse(stream, peer, why, &base).await,
            }
        });
    }
}
