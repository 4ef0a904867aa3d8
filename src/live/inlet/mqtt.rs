//! Readings over MQTT 3.1.1: topic `cimbra/<device id>`, or `cimbra/<site>/<device id>` where sites share a broker; quality of
//! service 1, acknowledged to the broker only when on disk.
//!
//! The session lives on in the broker while the connection is down, so what is sent meanwhile comes later. A reading whose
//! acknowledgement was lost comes again and is known by its time and value; one without a time of its own may count twice.

use super::message;
use crate::fault::{Fault, Result};
use crate::live::{Counts, Measurement, Sender, admit};
use crate::model::SiteCode;
use crate::store::Store;
use crate::units::Clock;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS, SubscribeFilter, SubscribeReasonCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// Topics begin with this; the device's id follows, or the site's code and the device's id.
const PREFIX: &str = "cimbra/";
/// Messages that wait for a commit; beyond it the connection is read no further.
const WAITING: usize = 1_024;
/// Acknowledgements that wait for the connection. The broker has at most this many messages under way, so none ever blocks.
const ACKS: usize = 1 << 16;
/// The largest packet MQTT knows: one that is refused at the connection would come again for ever.
const PACKET: usize = 268_435_455;

/// Where the broker is and how to greet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password, where it asks for them.
    pub login: Option<(String, String)>,
    /// The client id, under which the broker keeps the session; one for each node.
    pub client: String,
}

impl Broker {
    /// Reads `mqtt://[user:password@]host[:port]`; `client` is the client id.
    ///
    /// # Errors
    /// Another scheme, no host, no port number.
    pub fn parse(url: &str, client: String) -> Result<Self> {
        let wrong = || {
            Fault::parameter("mqtt", "the broker's address cannot be read")
                .remedy("write mqtt://host:port or mqtt://user:password@host:port")
        };
        let rest = url.strip_prefix("mqtt://").ok_or_else(wrong)?.trim_end_matches('/');
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login.split_once(':').ok_or_else(wrong)?), place),
            None => (None, rest),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
            _ => (place, 1883),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() || host.contains('/') {
            return Err(wrong());
        }
        Ok(Self { host, port, login: login.map(|(u, p)| (u.to_owned(), p.to_owned())), client })
    }
}

/// A message and the connection on which it came.
struct Arrived {
    publish: Publish,
    connection: u64,
}

/// Takes readings from the broker for as long as it is polled; comes back after every loss of the connection.
pub async fn run(store: Arc<Store>, counts: Arc<Counts>, broker: Broker, clock: Clock) {
    let mut options = MqttOptions::new(broker.client, broker.host, broker.port);
    options.set_clean_session(false).set_manual_acks(true).set_keep_alive(Duration::from_secs(20));
    options.set_max_packet_size(PACKET, 1 << 20);
    if let Some((user, password)) = broker.login {
        options.set_credentials(user, password);
    }
    let (client, connection) = AsyncClient::new(options, ACKS);
    let (send, arrived) = mpsc::channel(WAITING);
    let current = AtomicU64::new(0);
    tokio::join!(
        listen(connection, &client, send, &current, &counts),
        take(arrived, &client, &current, &store, &counts, &clock)
    );
}

/// Polls the connection and hands on what arrives; waits, and with it the broker, when too much is under way.
async fn listen(
    mut connection: EventLoop,
    client: &AsyncClient,
    send: mpsc::Sender<Arrived>,
    current: &AtomicU64,
    counts: &Counts,
) {
    let mut pause = Duration::from_millis(100);
    loop {
        match connection.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                current.fetch_add(1, Ordering::AcqRel);
                pause = Duration::from_millis(100);
                tracing::info!("connected to the MQTT broker");
                let topics = ["+", "+/+"].map(|rest| SubscribeFilter::new(format!("{PREFIX}{rest}"), QoS::AtLeastOnce));
                if let Err(error) = client.subscribe_many(topics).await {
                    tracing::error!(%error, "subscribing to readings failed");
                }
            }
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                let connection = current.load(Ordering::Acquire);
                if send.send(Arrived { publish, connection }).await.is_err() {
                    return;
                }
            }
            Ok(Event::Incoming(Packet::SubAck(answer))) => {
                if answer.return_codes.contains(&SubscribeReasonCode::Failure) {
                    tracing::error!("the MQTT broker does not let this client read {PREFIX}#");
                } else {
                    // Only now does what is published arrive: before, the connection is none to whoever counts.
                    Counts::add(&counts.mqtt_connections, 1);
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection to the MQTT broker; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(30));
            }
        }
    }
}

/// Commits what arrived, all that waits at once, and only then acknowledges it.
async fn take(
    mut arrived: mpsc::Receiver<Arrived>,
    client: &AsyncClient,
    current: &AtomicU64,
    store: &Arc<Store>,
    counts: &Arc<Counts>,
    clock: &Clock,
) {
    let mut batch = Vec::with_capacity(WAITING);
    while arrived.recv_many(&mut batch, WAITING).await > 0 {
        let sent: Arc<Vec<_>> = Arc::new(batch.iter().filter_map(|a| read(&a.publish, counts)).collect());
        loop {
            let (store, counts, sent, now) = (store.clone(), counts.clone(), sent.clone(), clock());
            let done = tokio::task::spawn_blocking(move || admit(&store, &counts, &sent, now)).await;
            match done {
                Ok(Ok(())) => break,
                Ok(Err(fault)) => tracing::error!(%fault, "readings cannot be kept; trying again"),
                Err(error) => tracing::error!(%error, "keeping readings stopped; trying again"),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        for Arrived { publish, connection } in batch.drain(..) {
            // After a reconnection the broker sends again what it has no acknowledgement for; an old one could hit a new message.
            let is_current = connection == current.load(Ordering::Acquire);
            if is_current && let Err(error) = client.ack(&publish).await {
                tracing::warn!(%error, "an acknowledgement was not sent; the message will come again");
            }
        }
    }
}

/// Device and measurements of a message; none when it cannot be read, which is counted.
fn read(publish: &Publish, counts: &Counts) -> Option<(Sender, Vec<Measurement>)> {
    Counts::add(&counts.mqtt_messages, 1);
    let read = sender(&publish.topic).and_then(|sender| Ok((sender, message::read(&publish.payload)?)));
    match read {
        Ok((sender, mut message)) => {
            Counts::add(&counts.readings_malformed, message.malformed);
            if publish.retain {
                // The broker kept it from some time before: without a time of its own it must not pass for a reading of now.
                let before = message.measurements.len();
                message.measurements.retain(|m| m.phenomenon_time.is_some());
                Counts::add(&counts.readings_stale, before - message.measurements.len());
            }
            Some((sender, message.measurements))
        }
        Err(fault) => {
            Counts::add(&counts.mqtt_malformed, 1);
            tracing::debug!(%fault, topic = publish.topic, "a message cannot be read");
            None
        }
    }
}

/// Who sends on a topic.
fn sender(topic: &str) -> Result<Sender> {
    let name = topic.strip_prefix(PREFIX).ok_or_else(|| Fault::bad_input("the topic is not one of readings"))?;
    Ok(match name.split_once('/') {
        Some((site, device)) => Sender { site: Some(SiteCode::new(site)?), device: device.to_owned() },
        None => Sender { site: None, device: name.to_owned() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_name_a_device_and_may_name_its_site() {
        let site = SiteCode::new("320106003001").unwrap();
        assert_eq!(sender("cimbra/SD-1").unwrap(), Sender { site: None, device: "SD-1".to_owned() });
        let told = sender("cimbra/320106003001/烟感 1").unwrap();
        assert_eq!(told, Sender { site: Some(site), device: "烟感 1".to_owned() });
        assert!(sender("cimbra/12/SD-1").is_err() && sender("other/SD-1").is_err());
    }

    #[test]
    fn broker_addresses() {
        let read = |url: &str| Broker::parse(url, "c".to_owned()).map(|b| (b.host, b.port, b.login));
        assert_eq!(read("mqtt://127.0.0.1:1884").unwrap(), ("127.0.0.1".to_owned(), 1884, None));
        assert_eq!(read("mqtt://broker").unwrap().1, 1883);
        assert_eq!(read("mqtt://[::1]:1999/").unwrap(), ("::1".to_owned(), 1999, None));
        let login = read("mqtt://u:p:w@h:1").unwrap().2.unwrap();
        assert_eq!(login, ("u".to_owned(), "p:w".to_owned()));
        for bad in ["http://h", "mqtt://", "mqtt://h:x", "mqtt://u@h", "h:1883"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
