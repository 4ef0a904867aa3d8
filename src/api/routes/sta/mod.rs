//! `/sta/v1.1`: OGC SensorThings API 1.1 (18-088): Things, Datastreams and Observations.

mod entity;
mod options;
mod read;
mod write;

use crate::api::openapi::Operation;
use crate::api::problem::Problem;
use crate::api::schema::{Schema, live};
use crate::api::state::City;
use crate::fault::{Fault, Kind, Result};
use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// The path of the service root.
pub const ROOT: &str = "/sta/v1.1";

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/sta/v1.1", "getSta", "The entity sets served.", live::sta_root),
    set("/sta/v1.1/Things", "getThings", "Things: devices that measure.", live::things),
    one("/sta/v1.1/Things({id})", "getThing", "One thing.", live::thing),
    set("/sta/v1.1/Things({id})/Datastreams", "getThingDatastreams", "A thing's datastreams.", live::datastreams),
    set("/sta/v1.1/Datastreams", "getDatastreams", "Datastreams.", live::datastreams),
    one("/sta/v1.1/Datastreams({id})", "getDatastream", "One datastream.", live::datastream),
    one("/sta/v1.1/Datastreams({id})/Thing", "getDatastreamThing", "A datastream's thing.", live::thing),
    set(
        "/sta/v1.1/Datastreams({id})/Observations",
        "getDatastreamObservations",
        "A datastream's history.",
        live::observations,
    ),
    Operation::post(
        "/sta/v1.1/Datastreams({id})/Observations",
        "postDatastreamObservation",
        "Sends one observation.",
        201,
        live::observation,
    )
    .takes("application/json", live::new_observation),
    set("/sta/v1.1/Observations", "getObservations", "Observations of all datastreams.", live::observations),
    Operation::post(
        "/sta/v1.1/Observations",
        "postObservation",
        "Sends one observation, naming its datastream.",
        201,
        live::observation,
    )
    .takes("application/json", live::new_named_observation)
    .refuses(&[404]),
    one("/sta/v1.1/Observations({id})", "getObservation", "One observation.", live::observation),
    one("/sta/v1.1/Observations({id})/Datastream", "getObservationDatastream", "Its datastream.", live::datastream),
    Operation::post(
        "/sta/v1.1/CreateObservations",
        "postObservations",
        "Sends many observations as data arrays (§13.2).",
        201,
        live::made,
    )
    .takes("application/json", live::data_arrays),
];

const fn set(path: &'static str, id: &'static str, about: &'static str, answer: Schema) -> Operation {
    Operation::get(path, id, about, answer).knows(options::KNOWN)
}

const fn one(path: &'static str, id: &'static str, about: &'static str, answer: Schema) -> Operation {
    Operation::get(path, id, about, answer).knows(options::OF_ONE)
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/sta/v1.1", get(read::root))
        .route("/sta/v1.1/", get(read::root))
        .route("/sta/v1.1/{*path}", get(read::read).post(write::write))
}

/// A problem for a method that what is named does not take; `allow` are those that it does.
fn not_allowed(what: &str, remedy: &str, allow: &'static str) -> Response {
    let fault = Fault::new(Kind::MethodNotAllowed, what).remedy(remedy);
    ([(header::ALLOW, allow)], Problem(fault)).into_response()
}

/// What a path below the root names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Things,
    Thing(u64),
    ThingDatastreams(u64),
    Datastreams,
    Datastream(u64),
    DatastreamThing(u64),
    DatastreamObservations(u64),
    Observations,
    Observation(u64),
    ObservationDatastream(u64),
    CreateObservations,
}

impl Target {
    fn read(path: &str) -> Result<Self> {
        let missing = || {
            Fault::not_found(format!("the SensorThings service has nothing at '{path}'")).remedy(format!("see {ROOT}"))
        };
        let mut parts = path.trim_end_matches('/').split('/');
        let (name, id) = part(parts.next().unwrap_or_default()).ok_or_else(missing)?;
        let rest = parts.next();
        if parts.next().is_some() {
            return Err(missing());
        }
        match (name, id, rest) {
            ("Things", None, None) => Ok(Self::Things),
            ("Things", Some(id), None) => Ok(Self::Thing(id)),
            ("Things", Some(id), Some("Datastreams")) => Ok(Self::ThingDatastreams(id)),
            ("Datastreams", None, None) => Ok(Self::Datastreams),
            ("Datastreams", Some(id), None) => Ok(Self::Datastream(id)),
            ("Datastreams", Some(id), Some("Thing")) => Ok(Self::DatastreamThing(id)),
            ("Datastreams", Some(id), Some("Observations")) => Ok(Self::DatastreamObservations(id)),
            ("Observations", None, None) => Ok(Self::Observations),
            ("Observations", Some(id), None) => Ok(Self::Observation(id)),
            ("Observations", Some(id), Some("Datastream")) => Ok(Self::ObservationDatastream(id)),
            ("CreateObservations", None, None) => Ok(Self::CreateObservations),
            _ => Err(missing()),
        }
    }
}

/// `Name` or `Name(7)`.
fn part(text: &str) -> Option<(&str, Option<u64>)> {
    match text.split_once('(') {
        None => Some((text, None)),
        Some((name, rest)) => Some((name, Some(rest.strip_suffix(')')?.parse().ok()?))),
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn paths_name_entities() {
        assert_eq!(Target::read("Things").unwrap(), Target::Things);
        assert_eq!(Target::read("Things(3)/Datastreams").unwrap(), Target::ThingDatastreams(3));
        assert_eq!(Target::read("Datastreams(12)/Observations/").unwrap(), Target::DatastreamObservations(12));
        for bad in [
            "",
            "Thing",
            "Things(x)",
            "Things(1",
            "Things(1)/Locations",
            "Things(-1)",
            "Datastreams(1)/Thing/Datastreams",
        ] {
            assert!(Target::read(bad).is_err(), "{bad}");
        }
    }
}
