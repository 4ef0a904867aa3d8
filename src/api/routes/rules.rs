//! `/rules`: the alarm rules; keep one, change one, switch one off.

use crate::api::ask::Ask;
use crate::api::encode::segment;
use crate::api::openapi::Operation;
use crate::api::params::Param;
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::live;
use crate::model::{Class, Direction, Right, Rule, Severity};
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

const NONE: &[Param] = &[];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/rules", "getRules", "The alarm rules.", schema::live::rules),
    Operation::post("/rules", "postRule", "Keeps a rule; one of the same id is replaced.", 201, schema::live::rule)
        .takes("application/json", schema::live::new_rule)
        .refuses(&[409]),
    Operation::get("/rules/{ruleId}", "getRule", "One alarm rule.", schema::live::rule),
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/rules", get(list).post(keep)).route("/rules/{id}", get(one))
}

/// A rule on the wire.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Form {
    id: String,
    observed_property: String,
    #[serde(default)]
    class: Option<String>,
    #[serde(default = "above")]
    direction: String,
    raise_at: f64,
    #[serde(default)]
    clear_at: Option<f64>,
    severity: String,
    #[serde(default = "yes")]
    enabled: bool,
}

fn above() -> String {
    Direction::Above.name().to_owned()
}

const fn yes() -> bool {
    true
}

fn form(rule: &Rule) -> Form {
    Form {
        id: rule.id.clone(),
        observed_property: rule.observed_property.clone(),
        class: rule.class.map(|c| c.name().to_owned()),
        direction: rule.direction.name().to_owned(),
        raise_at: rule.raise_at,
        clear_at: Some(rule.clear_at),
        severity: rule.severity.name().to_owned(),
        enabled: rule.enabled,
    }
}

fn rule(form: Form) -> Result<Rule> {
    let class = form.class.map(|name| {
        let known = Class::ALL.iter().find(|c| c.name() == name).copied();
        known.ok_or_else(|| Fault::parameter("class", format!("there is no class '{name}'")))
    });
    Ok(Rule {
        class: class.transpose()?,
        direction: Direction::from_name(&form.direction)
            .ok_or_else(|| Fault::parameter("direction", "it is above or below"))?,
        severity: Severity::from_name(&form.severity)
            .ok_or_else(|| Fault::parameter("severity", "it is critical, major, minor or warning"))?,
        id: form.id,
        observed_property: form.observed_property,
        raise_at: form.raise_at,
        clear_at: form.clear_at.unwrap_or(form.raise_at),
        enabled: form.enabled,
    })
}

/// The rules that this caller may know of: those about devices that it may read.
fn known<P>(ask: &Ask<P>) -> impl Iterator<Item = Arc<Rule>> {
    let reads = ask.caller.reads;
    let about = |rule: &Rule| rule.class.unwrap_or(Class::Device).collection();
    ask.city.store.series().rules().into_iter().filter(move |rule| reads.contains(about(rule)))
}

async fn list(ask: Ask) -> Answer {
    ask.params(NONE)?;
    let rules: Vec<Form> = known(&ask).map(|r| form(&r)).collect();
    ask.json("application/json", &json!({ "rules": rules }))
}

async fn one(ask: Ask<String>) -> Answer {
    ask.params(NONE)?;
    let id = &ask.path;
    let found = known(&ask).find(|r| r.id == *id);
    let found = found.ok_or_else(|| Fault::not_found(format!("there is no rule '{id}'")).about("ruleId"))?;
    ask.json("application/json", &form(&found))
}

async fn keep(ask: Ask, body: Bytes) -> Answer {
    ask.params(NONE)?;
    ask.caller.require(Right::EditRules)?;
    let form: Form =
        serde_json::from_slice(&body).map_err(|e| Fault::bad_input(format!("the body is no rule: {e}")))?;
    let kept = rule(form)?;
    let shown = self::form(&kept);
    let store = ask.city.store.clone();
    ask.work(move || live::keep(&store, &kept)).await?;
    let place = format!("/rules/{}", segment(&shown.id));
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(shown)).into_response())
}
