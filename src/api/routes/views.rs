//! `/views`, `/views/pick`: a picture of the city, the ids under its pixels, the asset under one of them.

use crate::api::ask::Ask;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param, Params};
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::fault::{Fault, Kind, Result};
use crate::model::{Collections, SiteCode};
use crate::render::{self, Composition, PARAMETERS, Picked, Request, compose};
use crate::store::Snapshot;
use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;

const TICKET: Param = Param::new("ticket", Form::Text, "A ticket of 60 seconds, for a picture in a page.");
const F: Param = Param::new(
    "f",
    Form::OneOf(&["png", "ids"]),
    "png; or ids, a PNG whose red, green and blue are a number: the place, from 1, in the JSON array of its text chunk \
     'cimbra:ids'; 0 is the background.",
);
const LAST: i64 = render::MAX_SIDE as i64 - 1;
const VIEW: &[Param] = &with::<{ PARAMETERS.len() + 2 }>(&[F, TICKET]);
const PICK: &[Param] = &with::<{ PARAMETERS.len() + 3 }>(&[
    Param::new("x", Form::Integer(0, LAST), "The pixel, from the left.").needed(),
    Param::new("y", Form::Integer(0, LAST), "The pixel, from the top.").needed(),
    TICKET,
]);

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/views", "getView", "A picture of the city.", schema::bytes)
        .knows(VIEW)
        .in_form("image/png")
        .refuses(&[404]),
    Operation::get("/views/pick", "getPick", "The asset under a pixel, with its point in space.", schema::city::pick)
        .knows(PICK)
        .refuses(&[404]),
];

/// The parameters of every picture and `more`.
const fn with<const N: usize>(more: &[Param]) -> [Param; N] {
    let mut all = [TICKET; N];
    let mut i = 0;
    while i < N {
        all[i] = if i < PARAMETERS.len() {
            Param::new(PARAMETERS[i].0, form(PARAMETERS[i].0), PARAMETERS[i].1)
        } else {
            more[i - PARAMETERS.len()]
        };
        i += 1;
    }
    all
}

/// What the parameter of a picture must be; the rest, and what goes with what, is for [`Request::read`].
const fn form(name: &str) -> Form {
    match name.as_bytes() {
        b"camera" => Form::Numbers(5, 6),
        b"lookat" => Form::Numbers(3, 3),
        b"range" => Form::Between(0.5, 1e6),
        b"bbox" => Form::Bbox,
        b"heading" => Form::Between(-360.0, 360.0),
        b"pitch" => Form::Between(-90.0, 90.0),
        b"projection" => Form::OneOf(&["perspective", "orthographic"]),
        b"fov" => Form::Between(1.0, 170.0),
        b"size" => Form::Pattern("^[0-9]{1,4}x[0-9]{1,4}$"),
        b"format" => Form::OneOf(&["png"]),
        b"layers" | b"highlight" => Form::Texts,
        b"style" => Form::OneOf(&["class", "alarms"]),
        b"shadows" => Form::Bool,
        b"background" => Form::Pattern("^(sky|white|transparent|#?[0-9a-fA-F]{6})$"),
        _ => Form::Text,
    }
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/views", get(view)).route("/views/pick", get(pick))
}

async fn view(ask: Ask) -> Answer {
    let params = ask.params(VIEW)?;
    let request = request(&ask.city, &params)?;
    permitted(&ask)?;
    let ids = params.get("f") == Some("ids");
    let (own, snapshots) = (ask.clone(), ask.seen(&params).await?);
    let work = ask.work(move || {
        let composed = composed(&own, &request, &snapshots)?;
        let picture = own.city.studio.draw(&composed.scene, &composed.camera, request.size)?;
        let bytes = if ids { picture.ids_to_png(&composed.legend)? } else { picture.to_png()? };
        Ok((bytes, composed.left_out))
    });
    let (bytes, left_out) = work.await?;
    let mut response = private(encode::tagged(&ask.headers, "image/png", bytes));
    if left_out > 0 {
        response.headers_mut().insert(HeaderName::from_static("cimbra-left-out"), HeaderValue::from(left_out));
    }
    Ok(response)
}

async fn pick(ask: Ask) -> Answer {
    let params = ask.params(PICK)?;
    let request = request(&ask.city, &params)?;
    let pixel = [axis(&params, "x", request.size[0])?, axis(&params, "y", request.size[1])?];
    permitted(&ask)?;
    let snapshots = ask.seen(&params).await?;
    let answer = ask.answer("application/json", move |ask| {
        let picked = composed(ask, &request, &snapshots)?.pick(pixel);
        let told = picked.and_then(|p| describe(&p, &snapshots, ask.caller.reads));
        Ok(told.unwrap_or_else(|| json!({ "asset": null, "point": null })))
    });
    answer.await.map(private)
}

fn request(city: &City, params: &Params) -> Result<Request> {
    let request = Request::read(&|name| params.get(name).map(str::to_owned))?;
    let most = city.settings.limits.pixels;
    if request.size.iter().any(|side| *side > most) {
        return Err(Fault::parameter("size", format!("a side is over this server's limit of {most} pixels")));
    }
    Ok(request)
}

fn axis(params: &Params, name: &str, size: u32) -> Result<u32> {
    let value = params.get(name).ok_or_else(|| Fault::parameter(name, format!("'{name}' is missing")))?;
    let inside = value.parse::<u32>().ok().filter(|v| *v < size);
    inside.ok_or_else(|| Fault::parameter(name, format!("'{value}' is not a pixel from 0 to {}", size - 1)))
}

/// Views cost much: for a network they need a key.
fn permitted(ask: &Ask) -> Result<()> {
    if ask.city.settings.beyond_loopback && ask.caller.role.is_none() {
        return Err(Fault::new(Kind::Unauthorized, "a view needs a key here"));
    }
    Ok(())
}

fn composed(ask: &Ask, request: &Request, snapshots: &[Arc<Snapshot>]) -> Result<Composition> {
    let mut active = ask.city.store.series().active_alarms();
    active.retain(|alarm| super::alarms::sees(ask, alarm));
    let alarms = render::worst_alarms(&active);
    let proxies = ask.city.studio.proxies();
    compose(request, &render::City { snapshots, visible: ask.caller.reads, alarms: &alarms, proxies })
}

fn describe(picked: &Picked, snapshots: &[Arc<Snapshot>], reads: Collections) -> Option<Value> {
    let mut found = snapshots.iter().filter_map(|s| Some((s, s.asset(s.find(&picked.asset)?)?)));
    let (snapshot, asset) = found.find(|(_, asset)| reads.contains(asset.class().collection()))?;
    let uid = format!("{}/{}/{}", SiteCode::as_str(snapshot.site()), asset.dataset(), asset.id());
    Some(json!({
        "asset": {
            "id": asset.id(), "uid": uid, "class": asset.class().name(),
            "collection": asset.class().collection().name(), "name": asset.name(), "storey": asset.storey(),
        },
        "point": picked.point.to_array(),
    }))
}

/// A picture depends on who asks, also where a ticket in the URL says it.
fn private(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
