//! Tiles that have been asked for before, beside nginx sending the same bytes from disk: one client (wrk), one after the other, on
//! the same cores, twice in turn.

use super::figure;
use crate::support::{Server, cimbra, shared};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Every tile of Delft ten times over, those of some 32 KB by themselves, and all as gzip prepared before.
pub fn run() {
    let Some(shared) = shared() else { return };
    let has =
        |program: &str| Command::new(program).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !has("nginx") || !has("wrk") {
        return figure("warm tiles beside nginx", "not measured", "Debian's packages nginx-light and wrk are needed");
    }
    let dir = tempfile::tempdir().unwrap();
    let (store, www) = (dir.path().join("store"), dir.path().join("www"));
    let sequence = super::cities::replicated(&shared, 10, dir.path());
    let done = cimbra(&["import", "--height-offset", "43", "--store"]).arg(&store).arg(sequence).status().unwrap();
    assert!(done.success());
    let server = Server::start(&store, &[]);
    let mut tiles = Vec::new();
    for (path, bytes) in super::served::every_tile(&server) {
        let file = www.join(&path[1..]);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &bytes).unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        packed.write_all(&bytes).unwrap();
        fs::write(file.with_extension("glb.gz"), packed.finish().unwrap()).unwrap();
        tiles.push((path, bytes.len()));
    }
    let nginx = Nginx::start(dir.path(), &www);
    let all: Vec<&str> = tiles.iter().map(|(path, _)| path.as_str()).collect();
    let near = |size: usize| (16 << 10..64 << 10).contains(&size);
    let small: Vec<&str> = tiles.iter().filter(|(_, size)| near(*size)).map(|(path, _)| path.as_str()).collect();
    let mean = tiles.iter().map(|(_, size)| size).sum::<usize>() / tiles.len() / 1000;
    for (paths, coding, of) in [
        (&small, "identity", format!("{} tiles of 16 to 64 KB", small.len())),
        (&all, "identity", format!("{} tiles of {mean} KB in the mean", all.len())),
        (&all, "gzip", "the same, as gzip prepared before".to_owned()),
    ] {
        if paths.is_empty() {
            continue;
        }
        let script = dir.path().join("paths.lua");
        let list: Vec<String> = paths.iter().map(|path| format!("{path:?}")).collect();
        let text = format!(
            "local p = {{{}}}\nlocal i = 0\nrequest = function()\n  i = i % #p + 1\n  return wrk.format('GET', p[i], {{ ['Accept-Encoding'] = '{coding}' }})\nend\n",
            list.join(",")
        );
        fs::write(&script, text).unwrap();
        let mut best = [0.0_f64; 2];
        for _ in 0..3 {
            for (k, base) in [&server.base, &nginx.base].into_iter().enumerate() {
                best[k] = best[k].max(asked(base, &script));
            }
        }
        let [ours, theirs] = best;
        let value = format!("{ours:.0} / {theirs:.0}: {:.2}", ours / theirs);
        figure("warm tiles a second, here / nginx", &value, &format!("{of}; 16 connections, best of three"));
    }
}

/// Requests a second over five seconds.
fn asked(base: &str, script: &Path) -> f64 {
    let out = Command::new("wrk").args(["-t1", "-c16", "-d5", "-s"]).arg(script).arg(base).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(!text.contains("Non-2xx"), "{text}");
    text.lines().find_map(|line| line.strip_prefix("Requests/sec:")).unwrap().trim().parse().unwrap()
}

struct Nginx {
    child: std::process::Child,
    base: String,
}

impl Nginx {
    fn start(dir: &Path, www: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (dir, www) = (dir.display(), www.display());
        let text = format!(
            "daemon off; worker_processes 2; user root; pid {dir}/nginx.pid; error_log {dir}/nginx.log;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; gzip_static on;\n\
               open_file_cache max=10000 inactive=60s; types {{ model/gltf-binary glb; }}\n\
               server {{ listen 127.0.0.1:{port}; root {www}; }} }}\n"
        );
        let file = format!("{dir}/nginx.conf");
        fs::write(&file, text).unwrap();
        let child = Command::new("nginx").args(["-c", &file]).stderr(Stdio::null()).spawn().unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self { child, base: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master takes its workers along on a polite request only.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
