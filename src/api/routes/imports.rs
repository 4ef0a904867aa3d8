//! `/imports`: a file is uploaded, taken in as `cimbra import` would, and reported on.

use crate::api::ask::Ask;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::{self, Answer};
use crate::api::schema;
use crate::api::state::{City, Shared};
use crate::api::upload::receive;
use crate::fault::{Fault, Kind, Result};
use crate::ingest::{ImportOptions, Intake, Progress, Report};
use crate::model::Right;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::json;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;
use tokio::sync::Semaphore;

/// Reports kept for `/imports/{id}`, the newest.
const KEPT: usize = 100;

const IMPORT: &[Param] = &[
    Param::new("name", Form::Text, "The file's name with its ending.").needed(),
    Param::new("site", Form::Text, "The site's 12-digit code; the only site there is when left out."),
    Param::new("dataset", Form::Text, "The dataset's name; the file's stem when left out."),
    Param::new("variant", Form::Text, "The planning variant that is changed instead of the site; made when it is new."),
    Param::new("crs", Form::Text, "The CRS of a file that names none: EPSG:n or EPSG:n+m."),
    Param::new("height-offset", Form::Number, "Metres that make the source's heights ellipsoidal."),
    Param::new("origin", Form::Text, "LON,LAT,H[,HEADING]: where a model's (0, 0, 0) goes."),
    Param::new("class", Form::Text, "The class of features that name none."),
    Param::new(
        "allow-ballpark",
        Form::Bool,
        "Take a change of datum that is tens of metres off, where there is no other.",
    ),
    Param::new(
        "helmert",
        Form::Text,
        "How a local grid sits in its CRS: EAST,NORTH,ROTATION,SCALE, or seven of a datum.",
    ),
    Param::new(
        "as",
        Form::OneOf(&["terrain", "imagery"]),
        "What the one band of a raster is, where its form leaves that open.",
    ),
    Param::new("up", Form::OneOf(&["y", "z"]), "Which axis of a model points up, where its format leaves that open."),
    Param::new("replace", Form::Bool, "Take the place of all that the dataset holds, also when nothing is in common."),
    Param::new("map", Form::Text, "A mapping's TOML text: which fields of features and tables say what."),
    Param::new(
        "epoch",
        Form::Number,
        "The decimal year at which positions of WGS 84 or ITRF hold; the one that the file states when left out.",
    ),
];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::post(
        "/imports",
        "postImport",
        "Takes the file in the body into a site; the answer is the report, or with 'Prefer: respond-async' 202 and where it will be.",
        201,
        schema::city::report,
    )
    .knows(IMPORT)
    .takes("application/octet-stream", schema::bytes)
    .or(202, schema::city::running)
    .refuses(&[409]),
    Operation::get(
        "/imports/{importId}",
        "getImport",
        "The report of an import since the server started, or how far one in work has come.",
        schema::city::job,
    )
    .keyed(true)
    .untagged(),
];

/// The routes.
pub fn routes() -> Router<City> {
    let imports = Imports { room: OnceLock::new(), jobs: Mutex::default(), swept: OnceLock::new() };
    Router::new()
        .route("/imports", post(import))
        .route("/imports/{id}", get(report))
        .layer(Extension(Arc::new(imports)))
}

struct Imports {
    /// As many places as the limits say; reading takes all cores and memory for a file each.
    room: OnceLock<Arc<Semaphore>>,
    jobs: Mutex<VecDeque<(String, Arc<Job>)>>,
    /// Whether the uploads of a server that died have been cleared away.
    swept: OnceLock<()>,
}

/// An import that is in work or done.
struct Job {
    file: String,
    /// The number of its phase in [`PHASES`]; like the others here it only grows.
    phase: AtomicUsize,
    /// Objects read so far, which may wait to be taken.
    read: AtomicUsize,
    /// Objects taken or refused so far.
    objects: AtomicUsize,
    report: OnceLock<Report>,
}

/// What is done with a file, one after the other.
const PHASES: [&str; 4] = ["reading", "taking", "checking", "committing"];

impl Job {
    fn new(file: &str) -> Self {
        let [phase, read, objects] = [0, 0, 0].map(AtomicUsize::new);
        Self { file: file.to_owned(), phase, read, objects, report: OnceLock::new() }
    }
    /// Hears how its import goes.
    fn step(&self, step: Progress) {
        let to = |phase| _ = self.phase.fetch_max(phase, Ordering::Relaxed);
        match step {
            Progress::Read(count) => _ = self.read.fetch_max(count, Ordering::Relaxed),
            Progress::Objects(count) => {
                self.objects.fetch_max(count, Ordering::Relaxed);
                to(1);
            }
            Progress::Checking => to(2),
            Progress::Committing => to(3),
            Progress::File(..) | Progress::Done(_) => {}
        }
    }
}

impl Imports {
    /// Keeps a job under its id, and forgets the oldest that is done.
    fn keep(&self, id: &str, job: &Arc<Job>) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.push_back((id.to_owned(), job.clone()));
        if jobs.len() > KEPT {
            let oldest = jobs.iter().position(|(_, job)| job.report.get().is_some());
            oldest.map(|place| jobs.remove(place));
        }
    }
    fn forget(&self, id: &str) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| known != id);
    }
}

/// An uploaded file in a directory of its own; gone when dropped.
struct Upload {
    dir: PathBuf,
    file: PathBuf,
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.dir) {
            tracing::warn!(%error, "an upload stays at {} until the next start", self.dir.display());
        }
    }
}

async fn import(ask: Ask, Extension(imports): Extension<Arc<Imports>>, body: Body) -> Answer {
    ask.caller.require(Right::Import)?;
    let params = ask.params(IMPORT).map_err(|fault| match fault.subject.as_deref() {
        Some("height-grid") => no_grid(),
        _ => fault,
    })?;
    let name = file_name(params.get("name"))?;
    let options = ImportOptions::read(&|name| params.get(name))?;
    let Shared { store, clock, settings, .. } = &*ask.city;
    let (store, clock, settings) = (store.clone(), clock.clone(), settings.clone());
    let worker = settings.worker.clone();
    let uploads = store.dir().join("uploads");
    imports.swept.get_or_init(|| _ = std::fs::remove_dir_all(&uploads));
    let id = format!("{:016x}", getrandom::u64().map_err(|e| Fault::internal(format!("no random numbers: {e}")))?);
    let dir = uploads.join(&id);
    let upload = Upload { file: dir.join(&name), dir };
    let (place, path) = (upload.dir.clone(), upload.file.clone());
    let make = move || std::fs::create_dir_all(&place).and_then(|()| File::create(&path)).map_err(|e| kept(&e));
    let write = |file: &mut File, bytes: &[u8]| file.write_all(bytes).map_err(|e| kept(&e));
    drop(receive(body, settings.limits.upload_bytes, make, write).await?);
    // Taken only now: an upload that stalls keeps nobody from importing.
    let at_once = settings.limits.imports_at_once;
    let room = imports.room.get_or_init(|| Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))));
    let room = room.clone().try_acquire_owned().map_err(|_| {
        Fault::new(Kind::Unavailable, format!("{at_once} imports are in work")).remedy("send it again later")
    })?;
    let place = format!("/imports/{id}");
    let job = Arc::new(Job::new(&name));
    imports.keep(&id, &job);
    let (kept, of_job) = (imports.clone(), job.clone());
    let work = ask.work(move || {
        // Held until the import has ended, also when nobody waits for its report any more; the report is kept all the same.
        let _room = room;
        let progress = |step: Progress| of_job.step(step);
        let intake = Intake { store: Some(&store), options, worker, clock, progress: &progress };
        let report = intake.import(std::slice::from_ref(&upload.file)).inspect_err(|_| kept.forget(&id));
        let mut report = report?;
        report.call_file(&upload.file, &name);
        _ = of_job.report.set(report.clone());
        if report.objects == 0 { Ok(Err(report)) } else { Ok(Ok(report)) }
    });
    let later = ask.headers.get("prefer").and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("respond-async"));
    let mut work = std::pin::pin!(work);
    if later && let Poll::Pending = futures_util::poll!(work.as_mut()) {
        // The work goes on by itself once it has begun (RFC 7240 §4.1).
        let place = [(header::LOCATION, place.as_str()), (header::CACHE_CONTROL, "no-store")];
        return Ok((StatusCode::ACCEPTED, place, Json(running(&job))).into_response());
    }
    let report = match work.await? {
        Ok(report) => report,
        Err(report) => return Ok(refusal(&report)),
    };
    let place = [(header::LOCATION, place), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, place, Json(report)).into_response())
}

/// A request must not choose which of the server's files is opened.
fn no_grid() -> Fault {
    Fault::parameter("height-grid", "'height-grid' would name a file, and a request opens none here").remedy(
        "import on the server's machine with cimbra import --height-grid FILE, or give height-offset=M, the metres to add to all heights",
    )
}

fn running(job: &Job) -> serde_json::Value {
    let objects = job.objects.load(Ordering::Relaxed);
    let phase = PHASES.get(job.phase.load(Ordering::Relaxed));
    json!({ "status": "running", "file": job.file, "phase": phase, "objects": objects,
        "read": job.read.load(Ordering::Relaxed).max(objects) })
}

/// Nothing came in: a problem that names the parameters which would change that, and holds the report as it is, in the words of
/// the command line.
fn refusal(report: &Report) -> Response {
    let files = || report.files.iter();
    let refused = files().flat_map(|file| file.refused.iter().map(|refused| refused.reason.as_str()));
    let reasons: Vec<&str> = files().filter_map(|file| file.error.as_deref()).chain(refused).collect();
    let names = |reason: &str, name: &str| {
        reason.starts_with(&format!("{name}: ")) || reason.contains(&format!(": {name}: ")) || mentions(reason, name)
    };
    let error = |param: &Param| {
        let reason = reasons.iter().find(|reason| names(reason, param.name))?;
        Some((param.name.to_owned(), in_query(reason)))
    };
    let errors: Vec<_> = IMPORT.iter().filter_map(error).collect();
    let fault = Fault::bad_input(in_query(&report.summary()));
    problem::response(&fault, &errors, serde_json::to_value(report).ok())
}

/// Whether the option `--name` stands in a text.
fn mentions(text: &str, name: &str) -> bool {
    let option = format!("--{name}");
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    text.match_indices(&option).any(|(at, _)| text.get(at + option.len()..).is_some_and(|rest| !goes_on(rest)))
}

/// What the intake says, with its options as the query's parameters: `--crs EPSG:n` is `crs=EPSG:n`.
fn in_query(text: &str) -> String {
    // The grid is none of the query's, but what is said of it is said in one way.
    IMPORT.iter().map(|param| param.name).chain(["height-grid"]).fold(text.to_owned(), |text, name| {
        let option = format!("--{name}");
        let mut parts = text.split(&option);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |out, rest| match rest.strip_prefix(' ') {
            Some(value) if value.starts_with(|c: char| c.is_ascii_uppercase()) => format!("{out}{name}={value}"),
            _ => format!("{out}'{name}'{rest}"),
        })
    })
}

async fn report(ask: Ask<String>, Extension(imports): Extension<Arc<Imports>>) -> Answer {
    ask.caller.require(Right::Import)?;
    let id = &ask.path;
    let jobs = imports.jobs.lock().unwrap_or_else(PoisonError::into_inner);
    let found = jobs.iter().find(|(known, _)| known == id).map(|(_, job)| job.clone());
    drop(jobs);
    let job = found.ok_or_else(|| Fault::not_found(format!("no import '{id}' since this server started")))?;
    let body = match job.report.get() {
        Some(report) => serde_json::to_value(report).map_err(|e| Fault::internal(format!("writing a report: {e}")))?,
        None => running(&job),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn kept(error: &std::io::Error) -> Fault {
    Fault::io("keeping the upload", error)
}

/// The last part of a name that is fit for a file.
pub(super) fn file_name(name: Option<&str>) -> Result<String> {
    let wrong = |what: &str| {
        Fault::parameter("name", format!("'name' {what}")).remedy("give the file's name, such as ?name=tower.ifc")
    };
    let name = name.ok_or_else(|| wrong("is missing"))?;
    let fit = !name.is_empty()
        && name.len() <= 200
        && !name.starts_with('.')
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control);
    if fit { Ok(name.to_owned()) } else { Err(wrong("is not the plain name of a file")) }
}
