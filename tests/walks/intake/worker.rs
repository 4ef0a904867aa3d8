//! Files read in a process of their own: the same items, and whatever breaks down there is one refusal here.

use super::refusals::bytes_of;
use super::{blocks, only};
use crate::support::{Server, cimbra, key, run, shared};
use cimbra::fault::{Fault, Kind};
use cimbra::formats::{Limits, ReadOptions, SourceItem, Worker, reader_of};
use cimbra::ingest::generate::{Community, write};
use cimbra::ingest::{ImportOptions, Intake, Report};
use cimbra::store::Store;
use cimbra::units::{Clock, Instant as Time};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The generated community's tower in a directory that goes with the first value.
fn tower() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &Community { households: 60, seed: 4, density: 1.0 }, &mut |_| {}).unwrap();
    let file = dir.path().join("tower-1.ifc");
    (dir, file)
}

/// The nine buildings of the shared data; the tower where there are none.
fn large(tower: &Path) -> PathBuf {
    shared().map_or(tower.to_owned(), |shared| shared.join("data/ifc/derived_community_9bldg.ifc"))
}

pub fn built(limits: Limits) -> Worker {
    Worker { program: env!("CARGO_BIN_EXE_cimbra").into(), limits, every: true }
}

/// A worker that does what the file it is given says, being a shell script.
pub fn stand_in(seconds: f64) -> Worker {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/stand_in.sh");
    Worker { program, limits: Limits { time: Duration::from_secs_f64(seconds), ..Limits::default() }, every: false }
}

pub fn read(file: &Path, worker: Option<Worker>) -> Result<Vec<SourceItem>, Fault> {
    let mut items = Vec::new();
    let (options, mut take) = (ReadOptions::default(), |item| {
        items.push(item);
        Ok(())
    });
    match worker {
        Some(worker) => worker.read(file, &options, &mut take)?,
        None => reader_of(file)?.read(file, &options, &mut take)?,
    }
    Ok(items)
}

pub fn import(store: Option<&Store>, file: &Path, worker: Worker) -> Report {
    let clock: Clock = Arc::new(|| Time(1_790_000_000_000));
    let options = ImportOptions { height_offset: Some(0.0), ..ImportOptions::default() };
    Intake { store, options, worker: Some(worker), clock, progress: &|_| {} }.import(&[file.to_owned()]).unwrap()
}

/// The processes that process `id` has started and not yet buried.
fn children(id: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let of = |thread: PathBuf| std::fs::read_to_string(thread.join("children")).unwrap_or_default();
    let all: Vec<String> = threads.map(|thread| of(thread.unwrap().path())).collect();
    all.iter().flat_map(|ids| ids.split_whitespace()).map(|id| id.parse().unwrap()).collect()
}

/// The worker that process `id` starts, once it is there.
pub fn worker_of(id: u32) -> u32 {
    wait_for("a worker", || children(id).first().copied())
}

pub fn wait_for<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited for {what} in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn kill(id: u32) {
    assert!(std::process::Command::new("kill").args(["-9", &id.to_string()]).status().unwrap().success());
}

#[test]
fn a_worker_gives_the_items_that_reading_in_this_process_gives() {
    let (_dir, tower) = tower();
    let mut files = vec![tower];
    if let Some(shared) = shared() {
        files.extend(std::fs::read_dir(shared.join("data/ifc")).unwrap().map(|f| f.unwrap().path()));
    }
    for file in files {
        let (here, there) = (read(&file, None).unwrap(), read(&file, Some(built(Limits::default()))).unwrap());
        assert!(here.len() > 50, "{}: {} items", file.display(), here.len());
        assert!(here == there, "{}: {} items here and {} there", file.display(), here.len(), there.len());
    }
}

#[test]
fn faults_of_the_reader_and_of_the_sink_come_back_whole() {
    let (dir, tower) = tower();
    let short = dir.path().join("short.ifc");
    std::fs::write(&short, &std::fs::read(&tower).unwrap()[..2000]).unwrap();
    for (file, limits) in [
        (&short, Limits::default()),
        (&dir.path().join("missing.ifc"), Limits::default()),
        (&dir.path().to_owned(), Limits::default()),
    ] {
        let (here, there) = (read(file, None).unwrap_err(), read(file, Some(built(limits))).unwrap_err());
        assert_eq!(here, there);
        assert!(there.subject.as_ref().unwrap().contains(&*file.to_string_lossy()), "{there}");
    }
    let small = built(Limits { bytes: 1000, ..Limits::default() });
    assert_eq!(read(&tower, Some(small)).unwrap_err().kind, Kind::TooLarge, "the limits reach the worker");
    let few = built(Limits { vertices: 10, ..Limits::default() });
    assert!(read(&tower, Some(few)).unwrap_err().detail.contains("more than 10 vertices"));

    let mut taken = 0;
    let refused = built(Limits::default()).read(&tower, &ReadOptions::default(), &mut |_| {
        taken += 1;
        if taken < 3 { Ok(()) } else { Err(Fault::new(Kind::Conflict, "enough")) }
    });
    assert_eq!((refused.unwrap_err().detail.as_str(), taken), ("enough", 3));
}

#[test]
fn a_file_that_takes_too_long_is_ended_on_time() {
    let (dir, tower) = tower();
    let file = dir.path().join("endless.ifc");
    // Silent for ever; full of remarks for ever; saying the beginning of something.
    for script in ["exec sleep 1000", "yes >&2", "printf '\\020\\0'; exec sleep 1000"] {
        std::fs::write(&file, script).unwrap();
        let begun = Instant::now();
        let fault = read(&file, Some(stand_in(0.5))).unwrap_err();
        assert!((0.4..5.0).contains(&begun.elapsed().as_secs_f64()), "{script}: {:?}", begun.elapsed());
        assert_eq!((fault.kind, fault.detail.as_str()), (Kind::TooLarge, "took over 0.5 s, the limit"), "{script}");
        assert!(fault.remedy.unwrap().contains("in parts"));
    }
    // What it has unpacked goes with it.
    std::fs::write(&file, "echo x > \"$TMPDIR/unpacked\"; echo \"$TMPDIR\" > \"$0.said\"; exec sleep 1000").unwrap();
    assert_eq!(read(&file, Some(stand_in(0.5))).unwrap_err().kind, Kind::TooLarge);
    let unpacked = std::fs::read_to_string(dir.path().join("endless.ifc.said")).unwrap();
    assert!(unpacked.len() > 5 && !Path::new(unpacked.trim()).exists(), "{unpacked}");
    let begun = Instant::now();
    let hurried = built(Limits { time: Duration::from_millis(30), ..Limits::default() });
    let fault = read(&large(&tower), Some(hurried)).unwrap_err();
    assert!(fault.kind == Kind::TooLarge && begun.elapsed() < Duration::from_secs(5), "{fault}: {:?}", begun.elapsed());
}

#[test]
fn time_that_the_sink_takes_is_not_the_workers() {
    let (dir, _) = tower();
    let file = dir.path().join("notes.ifc");
    std::fs::write(
        &file,
        "for i in 1 2 3 4; do printf '\\006\\0\\0\\0\\003\\001\\0\\0\\0n'; done; printf '\\001\\0\\0\\0\\004'",
    )
    .unwrap();
    let mut notes = 0;
    let done = stand_in(1.0).read(&file, &ReadOptions::default(), &mut |item| {
        assert_eq!(item, SourceItem::Note("n".into()));
        notes += 1;
        std::thread::sleep(Duration::from_millis(400));
        Ok(())
    });
    assert_eq!((done, notes), (Ok(()), 4));
}

#[test]
fn a_worker_that_breaks_down_or_lies_refuses_the_file_and_no_more() {
    let (dir, _) = tower();
    let file = dir.path().join("broken.ifc");
    for (script, why) in [
        ("kill -SEGV $$", "ended by signal 11"),
        ("kill -ABRT $$", "ended by signal 6"),
        ("exec yes >&2", "ended by signal 9"),
        ("exit 3", "ended early with status 3"),
        ("exit 0", "ended early with status 0"),
        ("printf '\\020\\0\\0\\0\\003ab'", "ended early with status 0"),
        ("printf '\\377\\377\\377\\377'; exec sleep 1000", "none of its words"),
        ("printf '\\001\\0\\0\\0\\143'; exec sleep 1000", "none of its words"),
        ("echo '<html>this is no stream of words</html>'; head -c 3000000 /dev/zero", "none of its words"),
        ("exec yes", "none of its words"),
    ] {
        std::fs::write(&file, script).unwrap();
        let fault = read(&file, Some(stand_in(60.0))).unwrap_err();
        assert_eq!(fault.kind, Kind::BadInput, "{script}: {fault}");
        assert!(fault.detail.starts_with("the process that reads it broke down on this file: "), "{script}: {fault}");
        assert!(fault.detail.contains(why) && fault.remedy.is_some(), "{script}: {fault}");
        assert!(fault.to_string().contains("broken.ifc"), "{fault}");
    }
    std::fs::write(&file, "while printf '\\006\\0\\0\\0\\003\\001\\0\\0\\0n'; do :; done").unwrap();
    let mut endless = stand_in(60.0);
    endless.limits.memory = 100_000;
    assert_eq!(read(&file, Some(endless)).unwrap_err().kind, Kind::TooLarge, "a stream without end");
    // Over a million remarks, each of which a report would hold.
    let doubled = "printf '\\006\\0\\0\\0\\003\\001\\0\\0\\0n' > \"$TMPDIR/a\"; cd \"$TMPDIR\"
        for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cat a a > b; mv b a; done; cat a";
    let remarks = dir.path().join("remarks.ifc");
    std::fs::write(&remarks, doubled).unwrap();
    assert!(read(&remarks, Some(stand_in(60.0))).unwrap_err().detail.contains("over 1000000 objects"));
    let mut slow = stand_in(60.0);
    slow.limits.total = Duration::from_millis(300);
    let begun = Instant::now();
    let fault = read(&file, Some(slow)).unwrap_err();
    assert!(fault.detail.contains("took over 0.3 s with all that is made of it"), "{fault}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let nobody = Worker { program: dir.path().join("nobody"), ..stand_in(60.0) };
    assert_eq!(read(&file, Some(nobody)).unwrap_err().kind, Kind::Unavailable);
}

#[test]
fn a_file_that_needs_more_memory_than_its_limit_is_refused_and_the_store_stays_as_it_is() {
    let (dir, tower) = tower();
    let place = dir.path().join("store");
    let store = Store::open(&place).unwrap();
    assert!(import(Some(&store), &tower, built(Limits::default())).objects > 100);
    let (before, held) = (bytes_of(&place), only(&store).len());
    // The threads have their stacks and little else.
    let report = import(Some(&store), &large(&tower), built(Limits { memory: 96 << 20, ..Limits::default() }));
    let error = report.files[0].error.clone().unwrap();
    assert!(error.contains("over 96 MiB of memory") && error.contains("in parts"), "{error}");
    assert!(bytes_of(&place) == before && only(&store).len() == held, "nothing of it is kept");
}

#[test]
fn an_import_of_a_directory_goes_on_after_a_file_that_breaks_down() {
    let dir = tempfile::tempdir().unwrap();
    let (files, store) = (dir.path().join("files"), Store::open(&dir.path().join("store")).unwrap());
    std::fs::create_dir(&files).unwrap();
    std::fs::write(files.join("a.city.jsonl"), blocks(3, 10)).unwrap();
    std::fs::write(files.join("b.ifc"), "ISO-10303-21;\nkill -KILL $$\n").unwrap();
    std::fs::write(files.join("c.city.jsonl"), blocks(2, 12)).unwrap();
    let report = import(Some(&store), &files, stand_in(60.0));
    let errors: Vec<bool> = report.files.iter().map(|f| f.error.is_some()).collect();
    assert_eq!((report.objects, errors), (5, vec![false, true, false]), "{}", report.json());
    assert!(report.files[1].error.as_ref().unwrap().contains("broke down"), "{}", report.json());
}

#[test]
fn the_command_line_reads_in_a_worker_that_ends_with_it() {
    let (_dir, tower) = tower();
    let file = large(&tower);
    let start = || {
        let mut command = cimbra(&["check", "--height-offset", "0"]);
        command.arg(&file).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut check = start();
    kill(worker_of(check.id()));
    let mut told = String::new();
    check.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(check.wait().unwrap().code(), Some(2));
    assert!(told.contains("the process that reads it broke down on this file: it ended by signal 9"), "{told}");

    let mut check = start();
    let worker = worker_of(check.id());
    check.kill().unwrap();
    check.wait().unwrap();
    wait_for("the worker's end", || (!is_alive(worker)).then_some(()));
    let help = run(&["--help"]);
    assert!(!String::from_utf8_lossy(&help.stdout).contains("another process"), "it is nothing for people");
}

/// Whether process `id` is there and no zombie that nobody has buried yet.
pub fn is_alive(id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_server_outlives_its_worker_and_keeps_the_limits_of_its_configuration() {
    let (dir, tower) = tower();
    let (store, config) = (dir.path().join("store"), dir.path().join("cimbra.toml"));
    let integrator = key(&store, "integrator");
    let post = |server: &Server| {
        let url = format!("{}/imports?name=tower.ifc&height-offset=0", server.base);
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(url).header("Authorization", format!("Bearer {integrator}"));
        let mut answer = request.send(&std::fs::read(&tower).unwrap()[..]).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    std::fs::write(&config, "[limits]\nread_seconds = 0\n").unwrap();
    let hurried = Server::start(&store, &["--config", config.to_str().unwrap()]);
    let (status, answer) = post(&hurried);
    assert!(status == 400 && answer.contains("took over 0 s"), "{status} {answer}");
    hurried.kill();
    let server = Server::start(&store, &[]);
    let (status, answer) = std::thread::scope(|scope| {
        let posted = scope.spawn(|| post(&server));
        kill(worker_of(server.id()));
        posted.join().unwrap()
    });
    assert!(status == 400 && answer.contains("broke down"), "{status} {answer}");
    assert!(!answer.contains(&*store.to_string_lossy()), "no path of the server: {answer}");
    assert_eq!(post(&server).0, 201, "the next one comes in");
}
