//! Readings to a broker: topic `cimbra/<device id>`, quality of service 1, one message a report.

use super::{Message, Play, Player, Sent, Ticks};
use crate::fault::{Fault, Kind, Result};
use crate::units::Clock;
use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, Packet, QoS};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long the first connection may take, and how long the last acknowledgements are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Plays to the broker at `url`.
pub(super) async fn run(
    player: Player,
    play: &Play,
    url: &str,
    clock: &Clock,
    stop: impl Future<Output = ()>,
) -> Result<Sent> {
    let mut options = options(url)?;
    options.set_keep_alive(Duration::from_secs(20)).set_inflight(1_000);
    let (client, connection) = AsyncClient::new(options, 1_000);
    let acknowledged = Cell::new(0);
    let sending = send(player, play, &client, &acknowledged, clock, stop);
    // The connection only moves while it is polled; both run on this one task.
    tokio::select! {
        sent = sending => sent,
        fault = poll(connection, &acknowledged) => Err(fault.about(url.to_owned())),
    }
}

/// Host, port and login of `mqtt://[user:password@]host[:port]`.
fn options(url: &str) -> Result<MqttOptions> {
    let wrong = || {
        Fault::parameter("--mqtt", "the broker's address cannot be read")
            .remedy("write mqtt://host:port or mqtt://user:password@host:port")
    };
    let rest = url.strip_prefix("mqtt://").ok_or_else(wrong)?.trim_end_matches('/');
    let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().map_err(|_| wrong())?),
        _ => (place, 1883),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.contains('/') {
        return Err(wrong());
    }
    // One name for each process: a broker drops an older session of the same name.
    let mut options = MqttOptions::new(format!("cimbra-simulate-{}", std::process::id()), host, port);
    if let Some(login) = login {
        let (user, password) = login.split_once(':').ok_or_else(wrong)?;
        options.set_credentials(user, password);
    }
    Ok(options)
}

/// Polls the connection for as long as anybody sends; gives up only where there never was one.
async fn poll(mut connection: EventLoop, acknowledged: &Cell<u64>) -> Fault {
    let (began, mut connected) = (Instant::now(), false);
    loop {
        match connection.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => connected = true,
            Ok(Event::Incoming(Packet::PubAck(_))) => acknowledged.set(acknowledged.get() + 1),
            Ok(_) => {}
            Err(ConnectionError::ConnectionRefused(code)) => {
                return Fault::new(Kind::Forbidden, format!("the broker refuses the connection: {code:?}"));
            }
            Err(error) if !connected && began.elapsed() > PATIENCE => {
                return Fault::new(Kind::Unavailable, format!("no broker answers: {error}"))
                    .remedy("start one, such as mosquitto, or send to a server with --url");
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(300)).await,
        }
    }
}

async fn send(
    mut player: Player,
    play: &Play,
    client: &AsyncClient,
    acknowledged: &Cell<u64>,
    clock: &Clock,
    stop: impl Future<Output = ()>,
) -> Result<Sent> {
    let mut sent = Sent::default();
    let mut ticks = Ticks::new(play, stop);
    while let Some(elapsed) = ticks.next().await {
        for message in player.due(elapsed) {
            let payload = payload(&message)?;
            sent.count(&message, clock());
            client
                .publish(format!("cimbra/{}", message.device), QoS::AtLeastOnce, false, payload)
                .await
                .map_err(|e| Fault::new(Kind::Unavailable, format!("publishing: {e}")))?;
            sent.messages += 1;
        }
        sent.seconds = elapsed.as_secs_f64();
    }
    let waiting = Instant::now();
    while acknowledged.get() < sent.messages && waiting.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sent.refused = sent.messages.saturating_sub(acknowledged.get());
    // Going is a courtesy to the broker; that it failed changes nothing of what was sent.
    let _gone = client.disconnect().await;
    Ok(sent)
}

/// `{"observations": [{"observedProperty", "result", "phenomenonTime"}, …]}`.
fn payload(message: &Message) -> Result<Vec<u8>> {
    let time = message.time.to_string();
    let observations: Vec<serde_json::Value> = message
        .readings
        .iter()
        .map(|(property, result)| {
            serde_json::json!({ "observedProperty": &**property, "result": result, "phenomenonTime": time })
        })
        .collect();
    serde_json::to_vec(&serde_json::json!({ "observations": observations }))
        .map_err(|e| Fault::internal(format!("writing a message: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_found_by_their_address() {
        assert_eq!(options("mqtt://127.0.0.1:1884").unwrap().broker_address(), ("127.0.0.1".to_owned(), 1884));
        assert_eq!(options("mqtt://u:p@[::1]/").unwrap().broker_address(), ("::1".to_owned(), 1883));
        for bad in ["http://h", "mqtt://", "mqtt://h:x", "mqtt://u@h"] {
            assert!(options(bad).is_err(), "{bad}");
        }
    }
}
