//! Accepts connections and serves them: so many at once, so many from one address, and none whose request head never ends.

use crate::api::Limits;
use crate::api::busy::{Busy, Slot};
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What an address is told that has as many connections as it may have.
const ENOUGH: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/problem+json\r\nRetry-After: 2\r\n\
    Connection: close\r\nContent-Length: 142\r\n\r\n{\"type\":\"urn:cimbra:problem:too-many\",\"title\":\"Too many at once\",\
    \"status\":429,\"detail\":\"this address has as many connections as one may have\"}";

/// Serves `app` on `listener` until `stopped`; then waits at most `grace` for the requests in work.
pub async fn listen(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    stopped: impl Future<Output = ()>,
    grace: Duration,
) {
    let room = Arc::new(Semaphore::new(limits.connections.min(openable() / 2)));
    let (peers, graceful) = (Busy::default(), GracefulShutdown::new());
    let mut http = http1::Builder::new();
    // The same time is given to a connection between two requests.
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(limits.header_seconds));
    let accept = async {
        loop {
            let (stream, peer, held) = next(&listener, &room, &peers, limits.connections_per_peer).await;
            let inner = TowerToHyperService::new(app.clone());
            let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(ConnectInfo(peer));
                inner.call(request)
            });
            let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                let _held = held;
                // A connection that breaks off is its caller's business.
                _ = connection.await;
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = stopped => {}
    }
    drop(listener);
    // An event stream never ends by itself: those still open after a while are cut.
    _ = tokio::time::timeout(grace, graceful.shutdown()).await;
}

/// What a connection holds as long as it is open: a place among all, and one among those of its address.
type Held = (OwnedSemaphorePermit, Slot);

/// The next connection that may be served. While there are as many as there may be, more wait in the listener's queue.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    peers: &Busy,
    most: usize,
) -> (TcpStream, SocketAddr, Held) {
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { std::future::pending().await };
        match listener.accept().await {
            Ok((stream, peer)) => match peers.enter(neighbourhood(peer.ip()), most, "connections") {
                Ok(slot) => {
                    _ = stream.set_nodelay(true);
                    return (stream, peer, (place, slot));
                }
                Err(_) => _ = stream.try_write(ENOUGH),
            },
            // One that is gone again, or no file left to open: that passes.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// What counts as one address: an IPv4 address, or a network of 64 bits, which is what one customer of IPv6 is given.
fn neighbourhood(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x}", u128::from(address) >> 64),
    }
}

/// How many files this process may have open, after asking for as many as the system allows it.
fn openable() -> usize {
    let now = getrlimit(Resource::Nofile);
    if now.current < now.maximum {
        _ = setrlimit(Resource::Nofile, Rlimit { current: now.maximum, ..now });
    }
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(most).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crowded_address_is_told_is_whole_and_a_problem() {
        let text = std::str::from_utf8(ENOUGH).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{} bytes", body.len());
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["status"], 429);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let of = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::4"));
        assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
