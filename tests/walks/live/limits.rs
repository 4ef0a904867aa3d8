//! Limits on what callers may have at once and ask for: each for itself, all together, and no way around by hanging up.

use super::rights::configured;
use super::served::{House, Stream, all, datastream, until};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

fn reading(at: u32, result: f64) -> Value {
    json!([format!("2026-01-01T{:02}:{:02}:{:02}Z", at / 3600, at / 60 % 60, at % 60), result])
}

fn array(datastream: u64, rows: Vec<Value>) -> Value {
    json!([{ "Datastream": { "@iot.id": datastream }, "components": ["phenomenonTime", "result"], "dataArray": rows }])
}

#[test]
fn who_hangs_up_keeps_its_place_until_the_work_has_ended() {
    let house = House::new(1);
    let server = configured(&house, "[limits]\nrequests_per_caller = 1\n");
    let id = datastream(&server, "SD-0", "temperature");
    let host = server.base.strip_prefix("http://").unwrap();
    let head = format!(
        "POST /sta/v1.1/CreateObservations HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}",
        house.integrator
    );
    let bearer = format!("Bearer {}", house.integrator);
    let ask = || server.get_bytes("/collections", &[("Authorization", &bearer)]).0;
    // The work begins some time after the body has left, and ends some time later, both by the machine: several chances to
    // hang up in between, each with readings of its own so that none is a repetition.
    let held = [5, 20, 60, 120, 250, 1000].into_iter().zip(1..).any(|(ms, day)| {
        let own = |at| reading(at, f64::from(day)).as_array().cloned().unwrap_or_default();
        let rows = (0..50_000)
            .map(own)
            .map(|row| json!([row[0].as_str().unwrap().replace("-01T", &format!("-{day:02}T")), row[1]]));
        let body = array(id, rows.collect()).to_string();
        let mut socket = TcpStream::connect(host).unwrap();
        write!(socket, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        std::thread::sleep(Duration::from_millis(ms));
        drop(socket);
        // Long enough for the server to have seen it.
        std::thread::sleep(Duration::from_millis(15));
        ask() == 429
    });
    assert!(held, "hanging up gave the place back while the readings were still being kept");
    until("the work has ended", || ask() == 200);
    let stored = server.get(&format!("/sta/v1.1/Datastreams({id})")).1["properties"]["quality"]["stored"].clone();
    assert!(stored.as_u64().is_some_and(|n| n > 0 && n % 50_000 == 0), "all of a request or nothing: {stored}");
    let audit = std::fs::read_to_string(house.store().join("audit.jsonl")).unwrap();
    assert!(audit.contains("CreateObservations"), "what was given up and done all the same is audited: {audit}");
}

#[test]
fn a_server_that_has_enough_in_work_says_when_to_come_again() {
    let house = House::new(1);
    let server = configured(&house, "[limits]\nwork_at_once = 0\n");
    let (status, headers, body) = server.get_bytes("/collections/assets/items", &[]);
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &problem["status"]), (503, &json!(503)));
    assert!(headers.contains_key("retry-after"));
    assert_eq!(server.get("/health/live").0, 200);
}

#[test]
fn skip_has_a_limit_and_next_links_lead_through_any_length() {
    let house = House::new(8);
    let server = configured(&house, "[limits]\nskip = 5\n");
    let id = datastream(&server, "SD-0", "temperature");
    let rows = array(id, (0..12).map(|at| reading(at, f64::from(at * 7 % 12))).collect());
    assert_eq!(server.post("/sta/v1.1/CreateObservations", Some(&house.integrator), &rows).0, 201);
    let history = format!("Datastreams({id})/Observations");
    for set in ["Things", "Datastreams", "Observations", &history, &format!("{history}?$orderby=result")] {
        let sign = if set.contains('?') { '&' } else { '?' };
        let path = format!("/sta/v1.1/{set}{sign}");
        let (status, problem) = server.get(&format!("{path}$skip=6"));
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!("$skip")), "{set}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains("@iot.nextLink"), "{problem}");
        let whole = server.get(&format!("{path}$count=true")).1;
        let ids = |entities: &[Value]| entities.iter().map(|e| e["@iot.id"].as_u64().unwrap()).collect::<Vec<_>>();
        let every = ids(whole["value"].as_array().unwrap());
        assert_eq!(every.len() as u64, whole["@iot.count"].as_u64().unwrap());
        assert!(every.len() > 6, "longer than what may be left out");
        assert_eq!(ids(&all(&server, &format!("{path}$top=1"))), every, "{set}");
        assert_eq!(ids(&all(&server, &format!("{path}$top=2&$skip=5"))), every[5..], "{set}");
        assert_eq!(server.get(&format!("{path}$skiptoken=x")).0, 400);
    }
}

#[test]
fn active_alarms_are_counted_and_paged() {
    let house = House::new(5);
    let server = house.serve(&[]);
    for device in ["SD-0", "SD-1", "SD-2", "SD-3", "SD-4"] {
        for (property, value) in [("temperature", 70.0), ("smoke", 0.5)] {
            let rows = array(datastream(&server, device, property), vec![reading(1, value)]);
            assert_eq!(server.post("/sta/v1.1/CreateObservations", Some(&house.integrator), &rows).0, 201);
        }
    }
    let pages = |path: &str, matched: Option<u64>| -> Vec<(String, u64)> {
        let (mut path, mut found) = (path.to_owned(), Vec::new());
        loop {
            let (status, page) = server.get(&path);
            assert_eq!((status, page["numberMatched"].as_u64()), (200, matched), "{page}");
            let alarms = page["alarms"].as_array().unwrap();
            assert_eq!(page["numberReturned"], alarms.len());
            found
                .extend(alarms.iter().map(|a| (a["severity"].as_str().unwrap().to_owned(), a["id"].as_u64().unwrap())));
            match page["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next") {
                Some(next) => path = next["href"].as_str().unwrap().strip_prefix(&server.base).unwrap().to_owned(),
                None => return found,
            }
        }
    };
    let whole = pages("/alarms", Some(10));
    assert_eq!(whole.len(), 10);
    assert!(
        whole.windows(2).all(|w| w[0].0 < w[1].0 || w[0].0 == w[1].0 && w[0].1 > w[1].1),
        "worst first, then newest"
    );
    for limit in [1, 3, 5, 9, 10] {
        assert_eq!(pages(&format!("/alarms?limit={limit}"), Some(10)), whole, "{limit}");
    }
    assert_eq!(pages("/alarms?limit=2&severity=major", Some(5)), whole[5..]);
    // An alarm that ends between two pages neither hides another nor shows it twice.
    let page = server.get("/alarms?limit=3").1;
    let third = page["alarms"][2]["id"].as_u64().unwrap();
    assert_eq!(server.post(&format!("/alarms/{third}/clear"), Some(&house.operator), &json!({})).0, 200);
    let next = page["links"][0]["href"].as_str().unwrap().strip_prefix(&server.base).unwrap();
    assert_eq!(pages(next, Some(9)), whole[3..]);
    assert_eq!(pages("/alarms?state=all&limit=3", None).len(), 10);
    for path in ["/alarms?cursor=x", "/alarms?cursor=major", "/alarms?state=all&cursor=major.3"] {
        let (status, problem) = server.get(path);
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!("cursor")), "{path}");
    }
}

#[test]
fn a_session_does_not_use_up_what_another_may_have() {
    let house = House::new(1);
    let server = configured(&house, "[limits]\nstreams_per_caller = 1\n");
    let session = || {
        let opening = server.post("/tickets?opens=session", Some(&house.operator), &json!({})).1["ticket"].clone();
        let token = server.post("/session", None, &json!({ "ticket": opening })).1["token"].clone();
        token.as_str().unwrap().to_owned()
    };
    let ticket = |token: &str| {
        let ticket = server.post("/tickets", Some(token), &json!({})).1["ticket"].clone();
        format!("?ticket={}", ticket.as_str().unwrap())
    };
    let (one, other) = (session(), session());
    let _first = Stream::open(&server, &ticket(&one), None);
    let _second = Stream::open(&server, &ticket(&other), None);
    let (status, headers, _) = server.get_bytes(&format!("/live{}", ticket(&one)), &[]);
    assert_eq!(status, 429, "another ticket is no other caller");
    assert!(headers.contains_key("retry-after"));
}

#[test]
fn connections_that_never_finish_their_head_stop_nobody() {
    let house = House::new(1);
    let server = configured(&house, "[limits]\nconnections = 40\nconnections_per_peer = 30\nheader_seconds = 1\n");
    let host = server.base.strip_prefix("http://").unwrap().to_owned();
    let open = |head: &str| {
        let mut socket = TcpStream::connect(&host).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The server may have closed it already: that is one of the things asked of it.
        _ = socket.write_all(head.as_bytes());
        socket
    };
    let stalled: Vec<TcpStream> =
        (0..300).map(|i| open(if i % 2 == 0 { "" } else { "GET /health/live HTTP/1.1\r\nHost: loc" })).collect();
    until("the server answers", || {
        let mut socket = open(&format!("GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        let mut text = String::new();
        _ = socket.read_to_string(&mut text);
        text.starts_with("HTTP/1.1 200")
    });
    // All of them are told so, or closed: none is held for ever.
    let mut told = 0;
    for mut socket in stalled {
        let mut bytes = Vec::new();
        match socket.read_to_end(&mut bytes) {
            Ok(_) => told += usize::from(bytes.starts_with(b"HTTP/1.1 429")),
            Err(error) => assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "a connection is held for ever"),
        }
    }
    assert!(told > 0, "those beyond an address's share are told so");
    // A connection is not closed under a request that takes its time: a stream goes on.
    let mut stream = Stream::open(&server, "", None);
    assert_eq!(stream.next()["type"], "snapshot");
    std::thread::sleep(Duration::from_millis(2_500));
    let rows = array(datastream(&server, "SD-0", "smoke"), vec![reading(1, 0.01)]);
    assert_eq!(server.post("/sta/v1.1/CreateObservations", Some(&house.integrator), &rows).0, 201);
    assert_eq!(stream.next()["type"], "state");
}

#[test]
fn what_ended_before_anybody_saw_it_can_be_listed() {
    let house = House::new(5);
    let server = house.serve(&[]);
    for n in 0..5 {
        let id = datastream(&server, &format!("SD-{n}"), "temperature");
        let send = |at: u32, value: f64| {
            let rows = array(id, vec![reading(at, value)]);
            assert_eq!(server.post("/sta/v1.1/CreateObservations", Some(&house.integrator), &rows).0, 201);
        };
        send(1, 70.0);
        // One of those that end, and one of those that do not, is seen by somebody.
        if n == 1 || n == 4 {
            let path = format!("/alarms/{}/acknowledge", n + 1);
            let seen = server.post(&path, Some(&house.operator), &json!({})).1;
            assert!(seen["acknowledgedBy"].as_str().unwrap().starts_with("key "), "{seen}");
        }
        if n < 4 {
            send(2, 20.0);
        }
    }
    let ids = |query: &str| -> Vec<u64> {
        let (mut path, mut out) = (format!("/alarms?{query}"), Vec::new());
        loop {
            let (status, page) = server.get(&path);
            assert_eq!(status, 200, "{page}");
            out.extend(page["alarms"].as_array().unwrap().iter().map(|a| a["id"].as_u64().unwrap()));
            match page["links"][0]["href"].as_str() {
                Some(next) => path = next.strip_prefix(&server.base).unwrap().to_owned(),
                None => return out,
            }
        }
    };
    for limit in [1, 2, 100] {
        assert_eq!(ids(&format!("state=cleared&acknowledged=false&limit={limit}")), [4, 3, 1]);
        assert_eq!(ids(&format!("state=cleared&acknowledged=true&limit={limit}")), [2]);
        assert_eq!(ids(&format!("state=all&acknowledged=true&limit={limit}")), [5, 2]);
    }
    assert_eq!((ids("acknowledged=true"), ids("acknowledged=false")), (vec![5], vec![]));
    assert_eq!(server.get("/alarms?acknowledged=maybe").1["errors"][0]["name"], "acknowledged");
}
