//! `/live`: server-sent events. A snapshot first, then every change once, alarms before readings; goes on after a break.
//!
//! An event's id names the reader's place in both lanes, `rest.alarms`; `Last-Event-ID` takes that or one sequence number.

use super::state::whole;
use crate::api::ask::Ask;
use crate::api::busy::Slot;
use crate::api::caller::Caller;
use crate::api::encode::live;
use crate::api::follow::Follow;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::model::Collection;
use crate::store::{Cursor, Event, Next};
use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const LIVE: &[Param] = &[
    Param::new("ticket", Form::Text, "A ticket of 60 seconds, for a page that cannot send a header."),
    Param::new("layers", Form::Texts, "Only these collections, with commas between, such as devices,cameras."),
    Param::new(
        "tiles",
        Form::Bool,
        "Whether to name, after a commit, the files of the map's tilesets that went and that came (`type` \"tiles\").",
    ),
    Param::new("snapshot", Form::Bool, "Whether to begin with the whole state; true unless told."),
];
/// Telemetry events taken at a time, so that an alarm raised meanwhile waits for few.
const AT_ONCE: usize = 64;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] =
    &[Operation::get("/live", "getEvents", ABOUT, schema::bytes).knows(LIVE).in_form("text/event-stream").untagged()];

const ABOUT: &str =
    "Server-sent events: the state as it is, then every change with its sequence number. Resumes with Last-Event-ID.";

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/live", get(live_events))
}

/// One reader of the stream.
struct Reader {
    city: City,
    caller: Caller,
    layers: Option<Vec<Collection>>,
    cursor: Option<Cursor>,
    /// The last alarm sent. It stands in the ids, which must not tell by their numbers of alarms that may not be known.
    alarm_sent: u64,
    /// Events taken and not yet sent.
    taken: VecDeque<Arc<Event>>,
    bell: watch::Receiver<u64>,
    slot: Arc<Slot>,
    /// For who looks at the tiles.
    follow: Option<Follow>,
}

async fn live_events(ask: Ask) -> Answer {
    let params = ask.params(LIVE)?;
    let Ask { city, caller, headers, .. } = ask;
    let layers = params.get("layers").map(layers).transpose()?;
    let last = headers.get("last-event-id").map(|v| v.to_str().unwrap_or_default()).filter(|v| !v.is_empty());
    let cursor = match last {
        Some(text) => Some(place(text).ok_or_else(|| {
            Fault::parameter("Last-Event-ID", "it is no id of an event of this stream")
                .remedy("send the id as it came, or leave it out for a snapshot")
        })?),
        None if params.get("snapshot") == Some("false") => Some(Cursor::at(city.store.events().head())),
        None => None,
    };
    let most = city.settings.limits.streams_per_caller;
    let slot = Arc::new(city.streams.enter(format!("{}@{}", caller.share, caller.peer), most, "event streams")?);
    let (bell, alarm_sent) = (city.store.events().bell(), cursor.map_or(0, |cursor| cursor.alarms));
    let follow = (params.get("tiles") == Some("true")).then(|| Follow::new(city.clone(), caller.reads, slot.clone()));
    let reader = Reader { follow, city, caller, layers, cursor, alarm_sent, taken: VecDeque::new(), bell, slot };
    let stream = futures_util::stream::unfold(reader, |mut reader| async move {
        let message = reader.next().await?;
        Some((Ok::<_, Infallible>(message), reader))
    });
    let sse = Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    let mut response = sse.into_response();
    // A proxy that gathers bytes before it passes them on would hold alarms back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

impl Reader {
    /// The next message; none when the stream cannot go on.
    async fn next(&mut self) -> Option<Message> {
        loop {
            let Some(mut cursor) = self.cursor else {
                return self.snapshot().await.ok();
            };
            // When the bell has rung since, an alarm may have come: it goes before what was taken and is not sent yet.
            if self.taken.is_empty() || self.bell.has_changed().unwrap_or(true) {
                self.bell.mark_unchanged();
                match self.city.store.events().next(cursor, AT_ONCE) {
                    Next::Lost => {
                        self.taken.clear();
                        self.cursor = None;
                        if self.follow.is_some() {
                            self.follow = Some(Follow::new(self.city.clone(), self.caller.reads, self.slot.clone()));
                        }
                        continue;
                    }
                    Next::Events(events) => self.taken = events.into(),
                }
            }
            let Some(event) = self.taken.pop_front() else {
                tokio::select! {
                    rung = self.bell.changed() => rung.ok()?,
                    mut told = tiles(self.follow.as_mut()) => {
                        told["seq"] = cursor.rest.into();
                        return Some(Message::default().id(self.place(cursor)).data(told.to_string()));
                    }
                }
                continue;
            };
            cursor.pass(&event);
            self.cursor = Some(cursor);
            if self.sees(&event) {
                if event.is_alarm() {
                    self.alarm_sent = event.seq();
                }
                if let (Event::Assets { site, revision, .. }, Some(follow)) = (&*event, &mut self.follow) {
                    follow.touch(site, *revision);
                }
                let data = live::event(&event, self.caller.reads).to_string();
                return Some(Message::default().id(self.place(cursor)).data(data));
            }
        }
    }

    async fn snapshot(&mut self) -> Result<Message> {
        let (store, reads) = (self.city.store.clone(), self.caller.reads);
        let work = self.city.work.run_in_turn(self.slot.clone(), move || {
            let (seq, features) = whole(&store, reads);
            Ok((seq, json!({ "seq": seq, "type": "snapshot", "features": features }).to_string()))
        });
        let (seq, data) = work.await?;
        let cursor = Cursor::at(seq);
        (self.cursor, self.alarm_sent) = (Some(cursor), seq);
        Ok(Message::default().id(self.place(cursor)).data(data))
    }

    /// The id of a message sent when everything up to `cursor` has been looked at.
    fn place(&self, cursor: Cursor) -> String {
        format!("{}.{}", cursor.rest, self.alarm_sent)
    }

    fn sees(&self, event: &Event) -> bool {
        match event {
            Event::Assets { site, .. } => {
                let collections = self.city.store.site(site).map(|site| site.snapshot().collections());
                collections.is_some_and(|has| !has.and(self.caller.reads).is_empty())
            }
            Event::State { collection, .. } | Event::Alarm { collection, .. } => {
                self.caller.reads.contains(*collection)
                    && self.layers.as_ref().is_none_or(|layers| layers.contains(collection))
            }
        }
    }
}

/// What has changed of the tiles; for ever where nobody looks at them.
async fn tiles(follow: Option<&mut Follow>) -> Value {
    match follow {
        Some(follow) => follow.next().await,
        None => std::future::pending().await,
    }
}

fn place(text: &str) -> Option<Cursor> {
    match text.split_once('.') {
        Some((rest, alarms)) => Some(Cursor { rest: rest.parse().ok()?, alarms: alarms.parse().ok()? }),
        None => text.parse().ok().map(Cursor::at),
    }
}

fn layers(text: &str) -> Result<Vec<Collection>> {
    let one = |word: &str| {
        let known = Collection::SERVED.into_iter().find(|c| c.name() == word);
        known.ok_or_else(|| {
            Fault::parameter("layers", format!("there is no collection '{word}'")).remedy("see /collections")
        })
    };
    text.split(',').map(one).collect()
}
