//! Serving a store until told to stop.

use super::{clock, config::Config, listen::listen};
use crate::api::busy::Busy;
use crate::api::state::Shared;
use crate::api::{City, router, tickets::Tickets, work::Work};
use crate::fault::{Fault, Kind, Result};
use crate::live::simulate::{Fleet, Play, Scenario, Target, run};
use crate::live::{self, inlet::mqtt};
use crate::model::Role;
use crate::query::Search;
use crate::render::Studio;
use crate::store::{Audit, Keys, Store};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// How long requests in work have to end once the server is told to stop.
const GRACE: std::time::Duration = std::time::Duration::from_secs(2);

/// What the audit calls the sessions that no key has made: of the portal's URL printed at start, and of the demo's readings.
const PORTAL: &str = "demo-operator";
/// See [`PORTAL`].
const PLAYER: &str = "demo-player";

/// How a server was asked to start, beyond its configuration.
#[derive(Debug, Default)]
pub struct Start {
    /// Print a portal URL that opens a session of this role.
    pub portal_role: Option<Role>,
    /// Play these devices' readings to this server, at this many a second.
    pub play: Option<(Fleet, f64)>,
}

/// Serves the store of `config` until Ctrl-C or SIGTERM; prints the address on stdout once it accepts.
///
/// # Errors
/// A configuration that does not hold, a store that another process holds, an address in use.
pub fn serve(config: &Config, start: Start) -> Result<()> {
    let settings = config.settings()?;
    let store = Arc::new(Store::open(&config.store)?);
    let keys = Arc::new(Keys::open(&config.store)?);
    live::install(&store)?;
    let counts = Arc::new(live::Counts::default());
    let broker = config.mqtt.as_deref().map(|url| broker(url, &config.store)).transpose()?;
    let clock = clock::system();
    let city = City::from(Shared {
        store,
        keys,
        audit: Arc::new(Audit::open(&config.store, config.limits.audit_bytes)?),
        tickets: Arc::new(Tickets::new(settings.limits.tickets_per_key)),
        search: Arc::new(Search::default()),
        tiles: Arc::default(),
        terrain: Arc::default(),
        imagery: Arc::default(),
        flat: Arc::default(),
        codings: Arc::default(),
        studio: Arc::new(Studio::new()),
        streams: Busy::default(),
        work: Work::new(settings.limits.work_at_once),
        counts,
        clock: clock.clone(),
        settings: Arc::new(settings),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Fault::io("starting the runtime", &e))?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind(config.listen).await.map_err(|e| {
            Fault::new(Kind::Conflict, format!("cannot listen on {}: {e}", config.listen))
                .remedy("choose another address with --listen")
        })?;
        let address = listener.local_addr().map_err(|e| Fault::io("reading the address", &e))?;
        announce(&city, address, start.portal_role)?;
        if let Some((fleet, rate)) = start.play {
            let city = city.clone();
            std::thread::spawn(move || play(&city, address, &fleet, rate));
        }
        let repacking = tokio::spawn(repack(city.store.clone()));
        let audit = city.audit.clone();
        let syncing = tokio::spawn(sync(audit.clone()));
        let taking = broker
            .map(|broker| tokio::spawn(mqtt::run(city.store.clone(), city.counts.clone(), broker, city.clock.clone())));
        let limits = city.settings.limits;
        listen(listener, router(city), limits, stopped(), GRACE).await;
        repacking.abort();
        syncing.abort();
        if let Some(taking) = taking {
            taking.abort();
        }
        audit.sync()
    })
}

/// The broker at `url`; it keeps this store's session under a name that the store's place gives.
fn broker(url: &str, store: &Path) -> Result<mqtt::Broker> {
    let place = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    let name = xxhash_rust::xxh3::xxh3_64(place.as_os_str().as_encoded_bytes());
    mqtt::Broker::parse(url, format!("cimbra-{name:016x}"))
}

fn announce(city: &City, address: SocketAddr, portal_role: Option<Role>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let query = match portal_role {
        Some(role) => format!("?ticket={}", city.tickets.issue_first(role, PORTAL, (city.clock)())?),
        None => String::new(),
    };
    writeln!(out, "listening on http://{address}\nportal     http://{address}/portal/{query}")
        .and_then(|()| out.flush())
        .map_err(|e| Fault::io("writing to stdout", &e))
}

/// Plays readings over HTTP like any other sender, in spells that end before the session they are sent with.
fn play(city: &City, address: SocketAddr, fleet: &Fleet, rate: f64) {
    const SPELL: std::time::Duration = std::time::Duration::from_secs(6 * 3600);
    let url = format!("http://{address}");
    loop {
        let now = (city.clock)();
        let ticket = city.tickets.issue_first(Role::Integrator, PLAYER, now);
        let token = ticket.and_then(|ticket| city.tickets.exchange(&ticket, now)).map(|(token, _, _)| token);
        let played = token.and_then(|token| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|e| Fault::io("starting the player's runtime", &e))?;
            let scenarios = vec![Scenario::Smoke(None)];
            let play = Play { rate: Some(rate), seconds: None, seed: 1, scenarios };
            let target = Target::Http { url: url.clone(), key: Some(token) };
            // Without an end of its own the play brings one alarm a minute.
            runtime.block_on(async { run(fleet.clone(), &play, &target, &city.clock, tokio::time::sleep(SPELL)).await })
        });
        if let Err(fault) = played {
            tracing::error!(%fault, "the demo's readings have stopped; everything else is served");
            return;
        }
    }
}

/// Folds what commits have left beside the trees into them, now and then.
async fn repack(store: Arc<Store>) {
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(5));
    loop {
        tick.tick().await;
        for site in store.sites() {
            let done = tokio::task::spawn_blocking(move || site.repack()).await;
            if let Ok(Err(fault)) = done {
                tracing::warn!(%fault, "repacking an index failed; queries go on over the delta");
            }
        }
    }
}

/// Brings the audit to disk every second: a write does not wait for a line of it, and a machine that stops loses a second.
async fn sync(audit: Arc<Audit>) {
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(1));
    loop {
        tick.tick().await;
        let audit = audit.clone();
        if let Ok(Err(fault)) = tokio::task::spawn_blocking(move || audit.sync()).await {
            tracing::error!(%fault, "the audit is not safely on disk");
        }
    }
}

async fn stopped() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(_) => return std::future::pending().await,
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
