//! `/collections/{c}/diff`: what came, went and changed between two times, counted exactly and paged.

use crate::api::ask::Ask;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param, VARIANT};
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::query::{Change, Diff};
use crate::units::Instant;
use axum::Router;
use axum::routing::get;
use serde_json::json;

const DIFF: &[Param] = &[
    Param::new("from", Form::Instant, "The earlier time; needed without a variant, and else now."),
    Param::new("to", Form::Instant, "The later time; now unless told, and always of a variant."),
    VARIANT,
    Param::new("limit", Form::Rows(1), "How many changes at most; 100 unless told."),
    Param::new("cursor", Form::Text, "Where the page begins; from a next link."),
];

/// What this route says of itself.
pub const OPERATIONS: &[Operation] = &[Operation::get(
    "/collections/{collectionId}/diff",
    "getDifference",
    "What came, went and changed in a collection between two times, or from the city to a variant of it.",
    city::difference,
)
.knows(DIFF)];

/// The route.
pub fn routes() -> Router<City> {
    Router::new().route("/collections/{c}/diff", get(diff))
}

/// What each change counts as.
fn counted(change: &Change) -> usize {
    match (change.from, change.to) {
        (None, _) => 0,
        (_, None) => 1,
        _ => 2,
    }
}

async fn diff(ask: Ask<String>) -> Answer {
    let params = ask.params(DIFF)?;
    let instant = |name: &str| params.get(name).map(str::parse::<Instant>).transpose();
    let needed =
        || Fault::parameter("from", "'from' is needed").remedy("give the earlier time, such as 2026-01-31T08:00:00Z");
    let (since, now, variant) = (instant("from")?, (ask.city.clock)(), params.get(VARIANT.name).map(str::to_owned));
    if variant.is_some() && params.get("to").is_some() {
        return Err(Fault::parameter("to", "a variant is of the city as it is now").remedy("leave it out").into());
    }
    let from = since.or(variant.is_some().then_some(now)).ok_or_else(needed)?;
    let to = instant("to")?.unwrap_or(now);
    if from > to {
        return Err(Fault::parameter("from", format!("{from} is after {to}"))
            .remedy("'from' is the earlier time")
            .into());
    }
    let limit = params.rows("limit", 100, &ask.city.settings.limits);
    let begin = params.get("cursor").map(place).transpose()?;
    let mut snapshots = ask.seen(&params).await?;
    snapshots.retain(|snapshot| variant.is_none() || snapshot.overlay().is_some());
    let scope = ask.scope(&snapshots, &ask.path)?;
    ask.answer("application/json", move |ask| {
        let between = Diff { scope, readable: ask.caller.reads, from, to };
        let (mut counts, mut unchanged, mut changes, mut next) = ([0; 3], 0, Vec::new(), None);
        for snapshot in &snapshots {
            let site = snapshot.site().as_str();
            // The changes of a variant come after all that its site has seen: until its last commit, and not until now.
            let times = snapshot
                .overlay()
                .map_or((from, to), |over| (since.map_or(over.since(), |since| since.min(over.since())), Instant::MAX));
            let found = Diff { from: times.0, to: times.1, ..between.clone() }.ask(snapshot)?;
            unchanged += found.unchanged;
            found.changes.iter().for_each(|change| counts[counted(change)] += 1);
            // Neither time changes any more, so that a place in this list stays what it is. Of a variant it does until the city or
            // the variant changes: a page after that may repeat changes or skip some.
            let first = match &begin {
                Some((of, _)) if site < of.as_str() => continue,
                Some((of, first)) if site == of => *first,
                _ => 0,
            };
            for (at, change) in found.changes.iter().enumerate().skip(first) {
                if changes.len() < limit {
                    let mut shown = encode::diff::change(snapshot, change);
                    shown["site"] = json!(site);
                    changes.push(shown);
                } else if next.is_none() {
                    next = Some(format!("{site}.{at}"));
                }
            }
        }
        let next = next.map(|cursor| {
            let at = format!("{}/collections/{}/diff", ask.base(), encode::segment(&ask.path));
            let of = match (&variant, since) {
                (Some(name), Some(from)) => format!("variant={}&from={from}", encode::segment(name)),
                (Some(name), None) => format!("variant={}", encode::segment(name)),
                (None, _) => format!("from={from}&to={to}"),
            };
            let query = format!("{of}&limit={limit}&cursor={cursor}");
            json!({ "rel": "next", "type": "application/json", "href": format!("{at}?{query}") })
        });
        let [added, removed, changed] = counts;
        Ok(json!({
            "from": from.to_string(), "to": to.to_string(),
            "added": added, "removed": removed, "changed": changed, "unchanged": unchanged,
            "numberMatched": added + removed + changed, "numberReturned": changes.len(),
            "changes": changes, "links": next.as_slice(),
        }))
    })
    .await
}

/// A site and a place in its list, from a cursor.
fn place(cursor: &str) -> Result<(String, usize)> {
    let read = cursor.split_once('.').and_then(|(site, at)| Some((site.to_owned(), at.parse().ok()?)));
    read.ok_or_else(|| Fault::parameter("cursor", format!("'{cursor}' is not from a next link of these differences")))
}
