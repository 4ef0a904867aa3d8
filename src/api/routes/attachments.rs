//! `/assets/{id}/attachments`: drawings and photos of an asset, each known by the SHA-256 of its content.

use super::imports::file_name;
use super::items::find;
use crate::api::ask::Ask;
use crate::api::encode::{segment, stream};
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema::{self, city};
use crate::api::state::City;
use crate::api::upload::receive;
use crate::fault::{Fault, Result};
use crate::model::Right;
use crate::store::{Attachment, Incoming, Quota, Sent, Snapshot};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

const ATTACH: &[Param] = &[Param::new("name", Form::Text, "The file's name with its ending.").needed()];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(
        "/assets/{assetId}/attachments",
        "getAttachments",
        "The files attached to an asset.",
        city::attachments,
    ),
    Operation::post(
        "/assets/{assetId}/attachments",
        "postAttachment",
        "Attaches the file in the body to an asset; its Content-Type is kept.",
        201,
        city::attachment,
    )
    .knows(ATTACH)
    .takes("application/octet-stream", schema::bytes),
    Operation::get(
        "/assets/{assetId}/attachments/{sha256}",
        "getAttachment",
        "An attached file as it came, of its own media type, to be saved and not shown.",
        schema::bytes,
    )
    .in_form("application/octet-stream"),
    Operation::get(
        "/assets/{assetId}/attachments/{sha256}",
        "deleteAttachment",
        "Takes a file away from an asset.",
        city::attachment,
    )
    .deletes(),
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/assets/{id}/attachments", get(list).post(attach))
        .route("/assets/{id}/attachments/{sha256}", get(content).delete(detach))
}

/// The links of an item to its attachments.
pub(super) fn links(base: &str, city: &City, asset: &str) -> Vec<Value> {
    let link = |one: Attachment| {
        let href = format!("{base}/assets/{}/attachments/{}", segment(asset), one.sha256);
        json!({ "href": href, "rel": "enclosure", "type": one.media, "title": one.name })
    };
    city.store.attachments().of(asset).into_iter().map(link).collect()
}

async fn list(ask: Ask<String>) -> Answer {
    ask.params(&[])?;
    ask.answer("application/json", |ask| {
        let (asset, _) = known(ask, &ask.path)?;
        let all: Vec<Value> =
            ask.city.store.attachments().of(&asset).iter().map(|one| shown(ask, &asset, one)).collect();
        Ok(json!({ "attachments": all }))
    })
    .await
}

async fn attach(ask: Ask<String>, body: Body) -> Answer {
    ask.caller.require(Right::Attach)?;
    let params = ask.params(ATTACH)?;
    let name = file_name(params.get("name"))?;
    let media = media(&ask.headers)?;
    let (asset, snapshot) = known(&ask, &ask.path)?;
    let limits = ask.city.settings.limits;
    let store = ask.city.store.clone();
    let incoming = receive(body, limits.attachment_bytes, move || store.attachments().begin(), Incoming::write).await?;
    let (city, by, of) = (ask.city.clone(), ask.caller.name.clone(), asset.clone());
    let work = ask.work(move || {
        let sent = Sent { name: &name, media: &media, at: (city.clock)(), by: &by };
        let in_site = |id: &str| snapshot.last(id).is_some();
        let quota = Quota {
            of_asset: limits.attachments_per_asset,
            of_site: limits.attachment_bytes_per_site,
            in_site: &in_site,
        };
        city.store.attachments().attach(incoming, &of, &sent, quota)
    });
    let kept = shown(&ask, &asset, &work.await?);
    let place = kept["href"].as_str().unwrap_or_default().to_owned();
    let headers = [(header::LOCATION, place), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, headers, Json(kept)).into_response())
}

async fn content(ask: Ask<(String, String)>) -> Answer {
    ask.params(&[])?;
    let (asset, _) = known(&ask, &ask.path.0)?;
    let (store, sha256) = (ask.city.store.clone(), ask.path.1.clone());
    let found = ask.work(move || store.attachments().read(&asset, &sha256)).await?;
    let (attachment, file) = found.ok_or_else(|| missing(&ask.path.1))?;
    let tag = format!("\"{}\"", attachment.sha256);
    let has_it = ask.headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if has_it.is_some_and(|tags| tags.split(',').any(|t| t.trim().trim_start_matches("W/") == tag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let mut response = Response::new(stream(file, 0, attachment.bytes));
    let headers = response.headers_mut();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, &attachment.media);
    set(header::CONTENT_LENGTH, &attachment.bytes.to_string());
    set(header::CONTENT_DISPOSITION, &disposition(&attachment.name));
    // Whatever is in it, a browser runs none of it as this server's own.
    set(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    set(header::CACHE_CONTROL, "private, no-cache");
    set(header::ETAG, &tag);
    Ok(response)
}

async fn detach(ask: Ask<(String, String)>) -> Answer {
    ask.caller.require(Right::Attach)?;
    ask.params(&[])?;
    let (asset, _) = known(&ask, &ask.path.0)?;
    let (store, of, sha256) = (ask.city.store.clone(), asset.clone(), ask.path.1.clone());
    let gone = ask.work(move || store.attachments().detach(&of, &sha256)).await?;
    let gone = shown(&ask, &asset, &gone.ok_or_else(|| missing(&ask.path.1))?);
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(gone)).into_response())
}

/// The asset's own id and its site, if it is there for this caller: attachments are seen by those who see their asset.
fn known<P>(ask: &Ask<P>, id: &str) -> Result<(String, Arc<Snapshot>)> {
    let snapshots = ask.snapshots();
    let own = |(snapshot, row): (&Snapshot, crate::store::Row)| {
        let asset = snapshot.asset(row).filter(|a| ask.caller.reads.contains(a.class().collection()))?;
        let site = snapshots.iter().find(|s| s.site() == snapshot.site())?;
        Some((asset.id().to_owned(), site.clone()))
    };
    let found = find(&snapshots, id, None).into_iter().find_map(own);
    found.ok_or_else(|| Fault::not_found(format!("there is no asset '{id}'")).about("assetId"))
}

fn missing(sha256: &str) -> Fault {
    Fault::not_found(format!("the asset has no attachment '{}'", sha256.chars().take(64).collect::<String>()))
        .about("sha256")
}

/// The media type that the sender names, where it is one.
fn media(headers: &HeaderMap) -> Result<String> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().trim();
    if said.starts_with("multipart/") {
        return Err(Fault::bad_input("the body is a form")
            .remedy("send the file itself as the body")
            .about("Content-Type"));
    }
    let token = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b));
    let essence = said.split(';').next().unwrap_or_default().trim();
    let holds = said.len() <= 200 && essence.split_once('/').is_some_and(|(a, b)| token(a) && token(b));
    Ok(if holds { said.to_owned() } else { "application/octet-stream".to_owned() })
}

/// What a caller sees of an attachment; who sent it is for those who may attach.
fn shown<P>(ask: &Ask<P>, asset: &str, one: &Attachment) -> Value {
    let Attachment { sha256, name, media, bytes, at, by } = one;
    let href = format!("{}/assets/{}/attachments/{sha256}", ask.base(), segment(asset));
    let time = crate::units::Instant(*at).to_string();
    let mut shown =
        json!({ "sha256": sha256, "name": name, "type": media, "bytes": bytes, "time": time, "href": href });
    if ask.caller.require(Right::Attach).is_ok() {
        shown["by"] = json!(by);
    }
    shown
}

/// A file is saved under its own name (RFC 6266), in whatever script.
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%".contains(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", segment(name))
}
