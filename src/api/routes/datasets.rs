//! `/datasets`: the catalogue; what is imported is described, withdrawn, published, rolled back and deleted here, while it is served.

use crate::api::ask::Ask;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::{Fault, Kind, Result};
use crate::live;
use crate::model::{AssetId, Collections, DatasetName, Right};
use crate::store::{Committed, Dataset, Site, Snapshot, Standing, Store};
use crate::units::Instant;
use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
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
        "Ends its assets and their alarms; history keeps them.",
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
    manage(ask, SITE, |store, site, name, _, by, now| end(store, site, name, by, now, Site::withdraw)).await
}

async fn publish(ask: Ask<String>) -> Answer {
    manage(ask, SITE, |_, site, name, _, _, now| Ok((site.publish_again(name, now)?, Ended::default()))).await
}

async fn roll_back(ask: Ask<String>) -> Answer {
    manage(ask, ROLL_BACK, |_, site, name, revision, _, now| {
        Ok((site.roll_back(name, revision, now)?, Ended::default()))
    })
    .await
}

async fn delete(ask: Ask<String>) -> Answer {
    manage(ask, SITE, |store, site, name, _, by, now| end(store, site, name, by, now, Site::delete)).await
}

/// What went with a dataset.
#[derive(Debug, Default)]
struct Ended {
    alarms: usize,
    /// Assets of other datasets that were part of something in it.
    orphans: usize,
}

type Act = fn(&Store, &Site, &DatasetName, u64, &str, Instant) -> Result<(Committed, Ended)>;

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
    let (Committed { revision, added, replaced, removed, unchanged }, ended) = done;
    let told = json!({ "revision": revision, "added": added, "replaced": replaced, "removed": removed,
        "unchanged": unchanged, "alarmsCleared": ended.alarms, "orphans": ended.orphans });
    Ok(Json(told).into_response())
}

/// Ends a dataset's assets by `how`, and what depended on them: the active alarms of its devices.
fn end(
    store: &Store,
    site: &Site,
    name: &DatasetName,
    by: &str,
    now: Instant,
    how: fn(&Site, &DatasetName, Instant) -> Result<Committed>,
) -> Result<(Committed, Ended)> {
    let before = site.snapshot();
    let done = how(site, name, now)?;
    let ids: HashSet<AssetId> = before
        .rows()
        .filter_map(|row| before.asset(row))
        .filter(|asset| asset.dataset() == name)
        .map(|asset| asset.id().into())
        .collect();
    let mut ended = Ended::default();
    for alarm in store.series().active_alarms().iter().filter(|alarm| ids.contains(&alarm.device)) {
        live::desk::clear(store, alarm.id, by, now)?;
        ended.alarms += 1;
    }
    let orphan =
        |row| before.asset(row).is_some_and(|a| a.dataset() != name && a.parent_id().is_some_and(|p| ids.contains(p)));
    ended.orphans = before.rows().filter(|row| orphan(*row)).count();
    Ok((done, ended))
}
