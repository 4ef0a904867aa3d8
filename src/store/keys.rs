//! API keys: 256 random bits each, kept only as SHA-256, compared in constant time.

use crate::fault::{Fault, Kind, Result};
use crate::model::Role;
use crate::units::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq;

/// What is known of a key; never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// The first hexadecimal digits of the key's hash, to speak of it in logs and audit.
    pub id: String,
    /// What it may be used for.
    pub role: Role,
    /// When it was made.
    pub created: Instant,
}

#[derive(Serialize, Deserialize)]
struct Line {
    sha256: String,
    role: String,
    created: i64,
}

/// The keys of a store, in `keys.jsonl`: one line a key, only ever appended to.
#[derive(Debug)]
pub struct Keys {
    file: PathBuf,
    known: Mutex<Vec<([u8; 32], KeyInfo)>>,
}

impl Keys {
    /// Reads the keys of the store in `dir`; none when the file is missing.
    ///
    /// # Errors
    /// A file that cannot be read, or a line that is not a key (named by its number).
    pub fn open(dir: &Path) -> Result<Self> {
        let file = dir.join("keys.jsonl");
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Fault::io(&format!("reading {}", file.display()), &error)),
        };
        let known = text.lines().enumerate().map(|(i, line)| {
            parse(line).ok_or_else(|| {
                Fault::new(Kind::Corrupt, format!("line {} is not a key", i + 1)).about(file.display().to_string())
            })
        });
        let known = Mutex::new(known.collect::<Result<_>>()?);
        Ok(Self { file, known })
    }
    /// Makes a key, on disk before it returns. The answer is the only time the key is seen.
    ///
    /// # Errors
    /// No randomness from the system, or a file that cannot be written.
    pub fn create(&self, role: Role, at: Instant) -> Result<String> {
        let mut secret = [0u8; 32];
        getrandom::fill(&mut secret).map_err(|e| Fault::new(Kind::Io, format!("no random bits: {e}")))?;
        let key = format!("cimbra_{}", hex(&secret));
        let hash = digest(&key);
        let line = Line { sha256: hex(&hash), role: role.name().to_owned(), created: at.0 };
        let mut text = serde_json::to_string(&line).map_err(|e| Fault::internal(e.to_string()))?;
        text.push('\n');
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        append(&self.file, &text).map_err(|e| Fault::io(&format!("writing {}", self.file.display()), &e))?;
        known.push((hash, KeyInfo { id: hex(&hash)[..8].to_owned(), role, created: at }));
        Ok(key)
    }
    /// Who `key` belongs to. Every known key is compared, in constant time each.
    pub fn verify(&self, key: &str) -> Option<KeyInfo> {
        let hash = digest(key);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for (candidate, info) in known.iter() {
            if bool::from(candidate.ct_eq(&hash)) {
                found = Some(info.clone());
            }
        }
        found
    }
}

fn append(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(file)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()
}

fn parse(line: &str) -> Option<([u8; 32], KeyInfo)> {
    let line: Line = serde_json::from_str(line).ok()?;
    let role = Role::from_name(&line.role)?;
    let hash = unhex(&line.sha256)?;
    Some((hash, KeyInfo { id: line.sha256.get(..8)?.to_owned(), role, created: Instant(line.created) }))
}

fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_after_a_restart_and_no_other_is() {
        let dir = tempfile::tempdir().unwrap();
        let key = Keys::open(dir.path()).unwrap().create(Role::Operator, Instant(5)).unwrap();
        let keys = Keys::open(dir.path()).unwrap();
        assert_eq!(keys.verify(&key).unwrap().role, Role::Operator);
        assert!(keys.verify("cimbra_00").is_none() && keys.verify("").is_none());
        let disk = std::fs::read_to_string(dir.path().join("keys.jsonl")).unwrap();
        assert!(!disk.contains(&key), "the key itself is never on disk");
    }
}
