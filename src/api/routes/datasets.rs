//! `/datasets`: the catalogue; what is imported is described, withdrawn, published, rolled back and deleted here, while it is served.

use crate::api::ask::Ask;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::{Fault, Kind, Result};
use crate::live::retire::{self, Retired};
use crate::model::{Collections, DatasetName, Right};
use crate::store::{Committed, Dataset, Site, Snapshot, Standing, Store};
use crate::units::Instant;
use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const SITE: &[Param] = &[Param::new("site", Form::Text, "The site's code, where several have a dataset of this name.")];
const ROLL_BACK: &[Param] =
    &[SITE[0], Param::new("revision", Form::Integer(1, i64::MAX), "The edition's revision.").needed()];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/datasets", "getDatasets", "The catalogue of datasets.", city::datasets),
    Operation::get("/datasets/{dataset}", "getDataset", "One dataset with its editions.", city::dataset)
        .knows(SITE)
        .refuses(&[409]),
    Operation::post(
        "/datasets/{dataset}",
        "describeDataset",
        "Changes a dataset's catalogue entry.",
        200,
        city::dataset,
    )
    .knows(SITE)
    .takes("application/json", city::entry)
    .refuses(&[409]),
    Operation::post(
        "/datasets/{dataset}/withdraw",
        "withdrawDataset",
        "Takes its assets out of the city.",
        200,
        city::managed,
    )
    .knows(SITE)
    .refuses(&[409]),
    Operation::post("/datasets/{dataset}/publish", "publishDataset", "Puts a withdrawn one back.", 200, city::managed)
        .knows(SITE)
        .refuses(&[409]),
    Operation::post(
        "/datasets/{dataset}/rollback",
        "rollBackDataset",
        "Puts an earlier edition in its place.",
        200,
        city::managed,
    )
    .knows(ROLL_BACK)
    .refuses(&[409]),
    Operation::get(
        "/datasets/{dataset}",
        "deleteDataset",
        "Ends its assets, their alarms and what is attached to them; history keeps the assets.",
        city::managed,
    )
    .deletes()
    .knows(SITE)
    .refuses(&[409]),
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/datasets", get(list))
        .route("/datasets/{dataset}", get(one).post(describe).delete(delete))
        .route("/datasets/{dataset}/withdraw", post(withdraw))
        .route("/datasets/{dataset}/publish", post(publish))
        .route("/datasets/{dataset}/rollback", post(roll_back))
}

/// Whether this caller may know of the dataset: of what it holds, or of its being withdrawn.
fn knows<P>(ask: &Ask<P>, snapshot: &Snapshot, dataset: &Dataset) -> bool {
    match dataset.entry.standing {
        Standing::Published => {
            let beside = ask.city.store.site(snapshot.site()).and_then(|site| site.coverage(&dataset.name));
            let of_assets = snapshot.collections_of(&dataset.name, None).and(ask.caller.reads);
            !of_assets.is_empty() || beside.is_some_and(|coverage| coverage.is_in(ask.caller.reads))
        }
        _ => ask.caller.require(Right::Import).is_ok(),
    }
}

fn shown(snapshot: &Snapshot, dataset: &Dataset, reads: Collections) -> Value {
    let Dataset { name, title, crs, source, imported, layers, entry } = dataset;
    let readable = snapshot.collections_of(name, None).and(reads);
    let counts: BTreeMap<&str, usize> =
        readable.iter().map(|collection| (collection.name(), snapshot.count_in(name, collection))).collect();
    json!({
        "id": name.as_str(), "site": snapshot.site().as_str(), "title": title, "crs": crs, "sha256": source,
        "imported": imported.to_string(), "layers": layers.iter().map(|l| &**l).collect::<Vec<_>>(),
        "description": entry.description, "owner": entry.owner, "licence": entry.licence, "accuracy": entry.accuracy,
        "standing": entry.standing.name(), "counts": counts,
    })
}

async fn list(ask: Ask) -> Answer {
    ask.params(&[])?;
    ask.answer("application/json", |ask| {
        let mut all = Vec::new();
        for snapshot in ask.city.store.sites().iter().map(|site| site.snapshot()) {
            let known = snapshot.catalogue().filter(|dataset| knows(ask, &snapshot, dataset));
            all.extend(known.map(|dataset| shown(&snapshot, dataset, ask.caller.reads)));
        }
        Ok(json!({ "datasets": all }))
    })
    .await
}

/// The site of the dataset that is meant, if this caller may know of it.
fn find(ask: &Ask<String>, site: Option<&str>) -> Result<(Arc<Site>, DatasetName)> {
    let missing =
        || Fault::not_found(format!("there is no dataset '{}'", ask.path)).about("dataset").remedy("see /datasets");
    let name = DatasetName::new(&ask.path).map_err(|_| missing())?;
    let mut sites = ask.city.store.sites();
    sites.retain(|one| site.is_none_or(|code| one.code().as_str() == code));
    sites.retain(|one| {
        let snapshot = one.snapshot();
        snapshot.catalogue().any(|dataset| dataset.name == name && knows(ask, &snapshot, dataset))
    });
    match sites.as_slice() {
        [] => Err(missing()),
        [one] => Ok((one.clone(), name)),
        several => {
            let codes: Vec<_> = several.iter().map(|s| s.code().as_str()).collect();
            let detail = format!("{} sites have a dataset '{name}'", several.len());
            Err(Fault::new(Kind::Conflict, detail).remedy(format!("name one with site={}", codes.join(" or site="))))
        }
    }
}

fn whole(site: &Site, name: &DatasetName, reads: Collections) -> Result<Value> {
    let snapshot = site.snapshot();
    let dataset = snapshot.catalogue().find(|d| d.name == *name);
    let mut value = shown(&snapshot, dataset.ok_or_else(|| Fault::not_found("it is gone"))?, reads);
    // How many there were counts what is guarded as well.
    let assets = |e: &crate::store::Edition| reads.has_guarded().then_some(e.assets);
    let edition = |e: &crate::store::Edition| {
        json!({ "revision": e.revision, "at": e.at.to_string(), "title": e.title, "crs": e.crs, "sha256": e.source,
            "assets": assets(e), "standing": e.standing.name() })
    };
    value["editions"] = snapshot.editions(name).map(edition).collect();
    Ok(value)
}

async fn one(ask: Ask<String>) -> Answer {
    let params = ask.params(SITE)?;
    ask.answer("application/json", move |ask| {
        let (site, name) = find(ask, params.get("site"))?;
        whole(&site, &name, ask.caller.reads)
    })
    .await
}

/// What may be said of a dataset; what is left out stays, an empty text takes away.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    description: Option<String>,
    owner: Option<String>,
    licence: Option<String>,
}

async fn describe(ask: Ask<String>, body: Bytes) -> Answer {
    let params = ask.params(SITE)?;
    ask.caller.require(Right::Import)?;
    let said: Said =
        serde_json::from_slice(&body).map_err(|e| Fault::bad_input(format!("the body is no catalogue entry: {e}")))?;
    let texts = [&said.description, &said.owner, &said.licence];
    if texts.into_iter().flatten().any(|text| text.chars().count() > 1000) {
        return Err(Fault::bad_input("a text of a catalogue entry has at most 1,000 characters").into());
    }
    let (site, name) = find(&ask, params.get("site"))?;
    let (now, reads) = ((ask.city.clock)(), ask.caller.reads);
    let done = ask.work(move || {
        let change = |entry: &mut crate::store::Entry| entry.say(said.description, said.owner, said.licence);
        site.describe(&name, change, now)?;
        whole(&site, &name, reads)
    });
    Ok(Json(done.await?).into_response())
}

async fn withdraw(ask: Ask<String>) -> Answer {
    manage(ask, SITE, |store, site, name, _, by, now| retire::withdraw(store, site, name, by, now)).await
}

async fn publish(ask: Ask<String>) -> Answer {
    manage(ask, SITE, |_, site, name, _, _, now| Ok(Retired::only(site.publish_again(name, now)?))).await
}

async fn roll_back(ask: Ask<String>) -> Answer {
    manage(ask, ROLL_BACK, retire::roll_back).await
}

async fn delete(ask: Ask<String>) -> Answer {
    manage(ask, SITE, |store, site, name, _, by, now| retire::delete(store, site, name, by, now)).await
}

type Act = fn(&Store, &Site, &DatasetName, u64, &str, Instant) -> Result<Retired>;

async fn manage(ask: Ask<String>, known: &'static [Param], act: Act) -> Answer {
    let params = ask.params(known)?;
    ask.caller.require(Right::Import)?;
    let needed = known.iter().any(|param| param.needed);
    let revision = params.get("revision").and_then(|text| text.parse().ok());
    if needed && revision.is_none() {
        return Err(Fault::parameter("revision", "is missing")
            .remedy("GET /datasets/{dataset} lists the editions")
            .into());
    }
    let revision = revision.unwrap_or(0);
    let (site, name) = find(&ask, params.get("site"))?;
    let (store, now, by) = (ask.city.store.clone(), (ask.city.clock)(), ask.caller.name.clone());
    let done = ask.work(move || act(&store, &site, &name, revision, &by, now)).await?;
    let Retired { committed, alarms, orphans, attachments } = done;
    let Committed { revision, added, replaced, removed, unchanged } = committed;
    let told = json!({ "revision": revision, "added": added, "replaced": replaced, "removed": removed, "unchanged": unchanged,
        "alarmsCleared": alarms, "orphans": orphans, "attachmentsRemoved": attachments });
    Ok(Json(told).into_response())
}
