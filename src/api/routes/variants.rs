//! `/variants`: the planning variants of the sites; files are imported into them with `/imports?variant=`.

use crate::api::ask::Ask;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::{Fault, Kind, Result};
use crate::model::{DatasetName, Right, VariantName};
use crate::store::Site;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

const SITE: &[Param] = &[Param::new("site", Form::Text, "The site's code, where several have a variant of this name.")];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/variants", "getVariants", "The planning variants, with what each changes.", city::variants),
    Operation::get("/variants/{variant}", "deleteVariant", "Removes a planning variant for good.", city::removed)
        .deletes()
        .knows(SITE)
        .refuses(&[409]),
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/variants", get(list)).route("/variants/{variant}", axum::routing::delete(remove))
}

async fn list(ask: Ask) -> Answer {
    ask.params(&[])?;
    ask.answer("application/json", |ask| {
        let sites = ask.city.store.sites();
        let all: Vec<Value> = sites.iter().flat_map(|site| site.variants()).filter_map(|v| shown(ask, &v)).collect();
        Ok(json!({ "variants": all }))
    })
    .await
}

/// What a variant is to this caller; nothing where they may not know of it.
fn shown<P>(ask: &Ask<P>, variant: &Site) -> Option<Value> {
    let (snapshot, reads) = (variant.snapshot(), ask.caller.reads);
    let over = snapshot.overlay().filter(|over| ask.caller.knows(over))?;
    let [added, replaced, removed] = over.counts(reads);
    let holds = [&*snapshot, &**over.base()];
    let may_be_known = |name: &&DatasetName| holds.iter().any(|s| !s.collections_of(name, None).and(reads).is_empty());
    let datasets: Vec<&str> = over.datasets().filter(may_be_known).map(|name| name.as_str()).collect();
    Some(json!({
        "id": over.name().as_str(), "site": variant.code().as_str(), "changed": over.changed(reads).to_string(),
        "datasets": datasets, "added": added, "replaced": replaced, "removed": removed,
    }))
}

async fn remove(ask: Ask<String>) -> Answer {
    let params = ask.params(SITE)?;
    ask.caller.require(Right::Import)?;
    let name = VariantName::new(&ask.path)?;
    let (city, site) = (ask.city.clone(), params.get("site").map(str::to_owned));
    let removed = ask.work(move || {
        let mut sites = city.store.sites();
        sites.retain(|one| site.as_deref().is_none_or(|code| one.code().as_str() == code));
        of(&sites, &name)?.remove_variant(&name)
    });
    removed.await?;
    Ok(Json(json!({ "removed": 1 })).into_response())
}

/// The only one of these sites that has the variant.
fn of(sites: &[Arc<Site>], name: &VariantName) -> Result<Arc<Site>> {
    let with: Vec<&Arc<Site>> = sites.iter().filter(|site| site.variant(name).is_some()).collect();
    match with.as_slice() {
        [one] => Ok(Arc::clone(one)),
        [] => {
            let missing = Fault::not_found(format!("there is no variant '{name}'"));
            Err(missing.about("variant").remedy("GET /variants lists them"))
        }
        several => {
            let codes: Vec<_> = several.iter().map(|site| site.code().as_str()).collect();
            let detail = format!("{} sites have a variant '{name}'", several.len());
            Err(Fault::new(Kind::Conflict, detail).remedy(format!("name one with site={}", codes.join(" or site="))))
        }
    }
}
