//! Readings to a SensorThings server: data arrays (OGC 18-088 §13.2), or one by one where it takes none.

use super::{Message, Play, Player, Sent, Ticks};
use crate::fault::{Fault, Kind, Result};
use crate::units::Clock;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// The longest answer that is read.
const ANSWER: u64 = 64 << 20;
/// The most readings in one request.
const BATCH: usize = 5_000;

/// `@iot.id` of a datastream, by its device and then its property.
type Known = HashMap<String, HashMap<String, u64>>;

/// Plays to the server at `url`.
pub(super) async fn run(
    mut player: Player,
    play: &Play,
    url: &str,
    key: Option<&str>,
    clock: &Clock,
    stop: impl Future<Output = ()>,
) -> Result<Sent> {
    let server = Server::new(url, key)?;
    let asked = server.clone();
    let known = blocking(move || asked.datastreams()).await?;
    let (mut sent, mut ticks) = (Sent::default(), Ticks::new(play, stop));
    while let Some(elapsed) = ticks.next().await {
        let due = player.due(elapsed);
        let mut rest = due.as_slice();
        while !rest.is_empty() {
            let mut readings = 0;
            let fits = rest.iter().take_while(|m| {
                readings += m.readings.len();
                readings <= BATCH
            });
            let (now, later) = rest.split_at(fits.count().max(1));
            rest = later;
            let (arrays, unknown) = arrays(now, &known);
            for message in now {
                sent.count(message, clock());
            }
            let server = server.clone();
            sent.refused += unknown + blocking(move || server.send(arrays)).await?;
            sent.messages += 1;
        }
        sent.seconds = elapsed.as_secs_f64();
    }
    Ok(sent)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Fault::internal(format!("sending: {e}")))?
}

/// Rows of `[phenomenonTime, result]` by datastream; and how many readings have none at the server.
fn arrays(messages: &[Message], known: &Known) -> (BTreeMap<u64, Vec<Value>>, u64) {
    let (mut arrays, mut unknown) = (BTreeMap::<u64, Vec<Value>>::new(), 0);
    for message in messages {
        let time = message.time.to_string();
        let streams = known.get(&*message.device);
        for (property, result) in &message.readings {
            match streams.and_then(|s| s.get(&**property)) {
                Some(id) => arrays.entry(*id).or_default().push(json!([time, result])),
                None => unknown += 1,
            }
        }
    }
    (arrays, unknown)
}

#[derive(Clone)]
struct Server {
    agent: ureq::Agent,
    root: Arc<str>,
    authorization: Option<Arc<str>>,
}

impl Server {
    fn new(url: &str, key: Option<&str>) -> Result<Self> {
        if !url.starts_with("http://") {
            return Err(Fault::parameter("--url", format!("'{url}' is no address that readings can be sent to"))
                .remedy("write http://host:port"));
        }
        let config =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).http_status_as_error(false);
        Ok(Self {
            agent: config.build().into(),
            root: format!("{}/sta/v1.1", url.trim_end_matches('/')).into(),
            authorization: key.map(|key| format!("Bearer {key}").into()),
        })
    }
    /// All datastreams of the server, page by page.
    fn datastreams(&self) -> Result<Known> {
        let mut known = Known::new();
        let mut next = Some(format!("{}/Datastreams?$top=1000", self.root));
        while let Some(url) = next {
            let (status, page) = self.call(&url, None)?;
            if status != 200 {
                return Err(self.refusal(status, &page));
            }
            for stream in page["value"].as_array().into_iter().flatten() {
                let property = stream["properties"]["observedProperty"].as_str().unwrap_or_default();
                // A datastream is called by its device and its property.
                let device = stream["name"].as_str().and_then(|n| n.strip_suffix(property)).map(str::trim_end);
                if let (Some(device), Some(id)) = (device, stream["@iot.id"].as_u64()) {
                    known.entry(device.to_owned()).or_default().insert(property.to_owned(), id);
                }
            }
            next = page["@iot.nextLink"].as_str().map(str::to_owned);
        }
        if known.is_empty() {
            return Err(
                Fault::not_found("the server has no datastreams").remedy("import the community's devices.csv first")
            );
        }
        Ok(known)
    }
    /// Sends the rows; gives how many the server refused.
    fn send(&self, arrays: BTreeMap<u64, Vec<Value>>) -> Result<u64> {
        let body: Vec<Value> = arrays
            .iter()
            .map(|(id, rows)| {
                json!({
                    "Datastream": { "@iot.id": id },
                    "components": ["phenomenonTime", "result"],
                    "dataArray": rows,
                })
            })
            .collect();
        if body.is_empty() {
            return Ok(0);
        }
        let (status, answer) = self.call(&format!("{}/CreateObservations", self.root), Some(&Value::Array(body)))?;
        match status {
            200..=299 => {
                let answers = answer.as_array().map_or(&[][..], Vec::as_slice);
                Ok(answers.iter().filter(|a| a.as_str() == Some("error")).count() as u64)
            }
            404 | 405 | 501 => self.send_singly(&arrays),
            _ => Err(self.refusal(status, &answer)),
        }
    }
    fn send_singly(&self, arrays: &BTreeMap<u64, Vec<Value>>) -> Result<u64> {
        let mut refused = 0;
        for (id, row) in arrays.iter().flat_map(|(id, rows)| rows.iter().map(move |row| (id, row))) {
            let body = json!({ "phenomenonTime": row[0], "result": row[1] });
            let (status, answer) = self.call(&format!("{}/Datastreams({id})/Observations", self.root), Some(&body))?;
            match status {
                200..=299 => {}
                401 | 403 => return Err(self.refusal(status, &answer)),
                _ => refused += 1,
            }
        }
        Ok(refused)
    }
    /// GET, or POST with a body: status and JSON; null where the answer is none.
    fn call(&self, url: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let key = self.authorization.as_deref();
        let answer = match body {
            None => {
                let request = self.agent.get(url);
                key.map_or_else(|| self.agent.get(url), |key| request.header("Authorization", key)).call()
            }
            Some(body) => {
                let request = self.agent.post(url).header("Content-Type", "application/json");
                let request = match key {
                    Some(key) => request.header("Authorization", key),
                    None => request,
                };
                request.send(body.to_string())
            }
        };
        let unreachable =
            |e: ureq::Error| Fault::new(Kind::Unavailable, format!("the server cannot be reached: {e}")).about(url);
        let mut answer = answer.map_err(unreachable)?;
        let bytes = answer.body_mut().with_config().limit(ANSWER).read_to_vec().map_err(unreachable)?;
        Ok((answer.status().as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }
    fn refusal(&self, status: u16, answer: &Value) -> Fault {
        let detail = answer["detail"].as_str().unwrap_or("no reason given");
        let fault = match status {
            401 => Fault::new(Kind::Unauthorized, detail).remedy("give an integrator's key with --key"),
            403 => Fault::new(Kind::Forbidden, detail),
            _ => Fault::new(Kind::Unavailable, format!("the server answers {status}: {detail}")),
        };
        fault.about(&*self.root)
    }
}
