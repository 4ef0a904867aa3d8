//! `import --url`: the files go to a running server, one request each.

use crate::fault::{Fault, Kind, Result};
use crate::formats::companions;
use crate::ingest::{FileReport, Report, expand, left_out};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The longest answer that is read, bytes.
const ANSWER: u64 = 1 << 30;

/// Posts each of `files` to `url` with the import's parameters; a refused file is in the report.
///
/// # Errors
/// A server that cannot be reached or does not know the key: then nothing more is tried.
pub fn send(url: &str, key: Option<&str>, files: &[PathBuf], parameters: &[(&str, String)]) -> Result<Report> {
    let key = key.map(str::to_owned).or_else(|| std::env::var("CIMBRA_KEY").ok());
    let key = key.ok_or_else(|| {
        Fault::parameter("--key", "a server takes imports with a key only")
            .remedy("pass --key or set CIMBRA_KEY; 'cimbra key create --role integrator' makes one")
    })?;
    if !url.starts_with("http://") {
        return Err(Fault::parameter("--url", format!("'{url}' is not an http:// address")));
    }
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let (started, mut report) = (Instant::now(), Report { left_out: left_out(files), ..Report::default() });
    for file in expand(files)? {
        report.add(post(&agent, url.trim_end_matches('/'), &key, &file, parameters)?);
    }
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// The problem of an import of which nothing came in.
#[derive(serde::Deserialize)]
struct Refusal {
    report: Report,
}

fn post(agent: &ureq::Agent, url: &str, key: &str, path: &Path, parameters: &[(&str, String)]) -> Result<FileReport> {
    let shown = path.display().to_string();
    let mut done = FileReport { file: shown.clone(), ..FileReport::default() };
    if !companions(path).is_empty() {
        let packed = path.with_extension("zip");
        let fault = Fault::bad_input("is one of several files, and a server takes one").about(shown);
        done.error = Some(fault.remedy(format!("pack them as {} and send that", packed.display())).to_string());
        return Ok(done);
    }
    let body = match File::open(path) {
        Ok(body) => body,
        Err(e) => {
            done.error = Some(Fault::io("opening", &e).about(shown).to_string());
            return Ok(done);
        }
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let request = agent.post(format!("{url}/imports")).header("Authorization", format!("Bearer {key}"));
    let request = request.query("name", &name).query_pairs(parameters.iter().map(|(n, v)| (*n, v.as_str())));
    let unreachable = |e: ureq::Error| Fault::new(Kind::Unavailable, format!("{url} cannot be reached: {e}"));
    let mut answer = request.send(body).map_err(unreachable)?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().with_config().limit(ANSWER).read_to_string().map_err(unreachable)?;
    let problem = || {
        let problem: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        problem.and_then(|p| p["detail"].as_str().map(str::to_owned)).unwrap_or_else(|| format!("answered {status}"))
    };
    // Refused or not, the report is the server's; it calls the file by its name alone.
    let report: Option<Report> = match status {
        201 => Some(
            serde_json::from_str(&text)
                .map_err(|e| Fault::new(Kind::Unavailable, format!("{url} answered with no report: {e}")))?,
        ),
        _ => serde_json::from_str(&text).ok().map(|Refusal { report }| report),
    };
    if let Some(mut report) = report {
        report.call_file(Path::new(&name), &shown);
        return Ok(report.files.into_iter().next().unwrap_or(done));
    }
    match status {
        401 | 403 => {
            Err(Fault::new(if status == 401 { Kind::Unauthorized } else { Kind::Forbidden }, problem()).about("--key"))
        }
        _ => {
            done.error = Some(format!("{shown}: {}", problem()));
            Ok(done)
        }
    }
}
