//! `/`, `/conformance`, `/api`, `/api.html`: what this server is and what it serves (OGC API Common, Features Part 1 §7.2).

use crate::api::ask::Ask;
use crate::api::openapi::{self, Operation};
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use serde_json::json;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/", "getLandingPage", "The landing page.", schema::city::landing),
    Operation::get("/conformance", "getConformance", "The conformance classes that hold.", schema::city::conformance),
    Operation::get("/api", "getApi", "This document.", schema::city::document).in_form(OPENAPI),
    Operation::get("/api.html", "getApiPage", "This document as a page.", schema::bytes)
        .in_form("text/html; charset=utf-8")
        .untagged(),
];

const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.1";

const CONFORMANCE: &[&str] = &[
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/collections-selection",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/datetime",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/", get(landing))
        .route("/conformance", get(conformance))
        .route("/api", get(api))
        .route("/api.html", get(api_page))
}

async fn landing(ask: Ask) -> Answer {
    ask.params(&[])?;
    let base = ask.base();
    let link = |path: &str, rel: &str, media: &str, title: &str| json!({ "href": format!("{base}{path}"), "rel": rel, "type": media, "title": title });
    let body = json!({
        "title": "Cimbra", "description": "City Information Model server: space in three dimensions, live state and time.",
        "links": [
            link("/", "self", "application/json", "This page"),
            link("/api", "service-desc", OPENAPI, "The API"),
            link("/api.html", "service-doc", "text/html", "The API, for people"),
            link("/conformance", "conformance", "application/json", "Conformance classes"),
            link("/collections", "data", "application/json", "Collections"),
            link("/3dtiles/tileset.json", "3dtiles", "application/json", "3D Tiles of the whole map"),
            link("/tiles", "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector", "application/json",
                "Vector tiles of the whole map"),
            link("/tileMatrixSets", "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes", "application/json",
                "Tile matrix sets"),
            link("/sta/v1.1", "sensorthings", "application/json", "OGC SensorThings 1.1"),
            link("/portal/", "alternate", "text/html", "The portal"),
        ],
    });
    ask.json("application/json", &body)
}

async fn conformance(ask: Ask) -> Answer {
    ask.params(&[])?;
    ask.json("application/json", &json!({ "conformsTo": CONFORMANCE }))
}

async fn api(ask: Ask) -> Answer {
    ask.params(&[])?;
    ask.json(OPENAPI, &openapi::document(&ask.base(), &ask.city.settings.limits))
}

/// A plain page of the operations: no script, nothing from outside.
async fn api_page(ask: Ask) -> Answer {
    ask.params(&[])?;
    let mut page = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Cimbra API</title><style>body{font:16px/1.5 \
         system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}code{background:#eef;padding:.1em .3em}</style>\
         <h1>Cimbra API</h1><p>The document for machines is at <a href=/api>/api</a> (OpenAPI 3.1).</p>",
    );
    for operation in super::operations() {
        let method = operation.method.to_uppercase();
        page.push_str(&format!("<h3><code>{method} {}</code></h3><p>{}</p>", operation.path, operation.about));
        if !operation.params.is_empty() {
            page.push_str("<ul>");
            for param in operation.params {
                page.push_str(&format!("<li><code>{}</code> {}</li>", param.name, param.about));
            }
            page.push_str("</ul>");
        }
    }
    let policy = [(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")];
    Ok((policy, Html(page)).into_response())
}
