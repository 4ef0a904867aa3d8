//! Files attached to assets: each kept under the SHA-256 of its content, listed in a log that is on disk before it is answered.

use super::archive::embedded::{sync_dir, write_whole};
use crate::fault::{Fault, Kind, Result};
use crate::model::AssetId;
use crate::units::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const LOG: &str = "attachments.jsonl";

/// A file that is attached to an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The SHA-256 of its content, in lower-case hex.
    pub sha256: String,
    /// What it is called.
    pub name: String,
    /// Its media type as its sender gave it.
    pub media: String,
    /// Its length.
    pub bytes: u64,
    /// When it came, milliseconds since 1970.
    pub at: i64,
    /// Who sent it, as in the audit.
    pub by: String,
}

/// What comes with a file.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its media type.
    pub media: &'a str,
    /// When it comes.
    pub at: Instant,
    /// Who sends it.
    pub by: &'a str,
}

/// How much may be attached.
#[derive(Clone, Copy)]
pub struct Quota<'a> {
    /// Files of one asset.
    pub of_asset: usize,
    /// Bytes of all assets that are `in_site`, the site of the asset that is attached to; the same content counts once.
    pub of_site: u64,
    /// Whether an asset shares the site's bytes.
    pub in_site: &'a dyn Fn(&str) -> bool,
}

/// One line of the log: an attachment that came, or one that went.
#[derive(Serialize, Deserialize)]
struct Line {
    asset: AssetId,
    #[serde(flatten)]
    attachment: Attachment,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    removed: bool,
}

/// Every attachment of a store. They belong to an asset's id: importing it anew, or its ending and coming back, leaves them;
/// what follows an id that its source renewed, or goes with a dataset, is [`Store`](super::Store)'s to say.
#[derive(Debug)]
pub struct Attachments {
    dir: PathBuf,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    log: File,
    by_asset: BTreeMap<AssetId, Vec<Attachment>>,
}

/// A file on its way in; gone when dropped unfinished.
#[derive(Debug)]
pub struct Incoming {
    path: PathBuf,
    file: File,
    hasher: Sha256,
    bytes: u64,
}

impl Incoming {
    /// Appends to it. Blocks.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|e| Fault::io("keeping an attachment", &e))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // A finished one has another name by now.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Attachments {
    /// Opens the attachments of the store in `dir`; what an interrupted upload or line left is cleared away.
    ///
    /// # Errors
    /// What the disk says; [`Kind::Corrupt`] for a whole line that is none.
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let dir = dir.join("attachments");
        let io = |e: std::io::Error| Fault::io("opening the attachments", &e).about(dir.display().to_string());
        std::fs::create_dir_all(&dir).map_err(io)?;
        for path in std::fs::read_dir(&dir).map_err(io)?.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|ending| ending == "new") {
                let _ = std::fs::remove_file(path);
            }
        }
        let path = dir.join(LOG);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(io(e)),
        };
        // A line that was being written when the machine stopped was never answered.
        let whole = text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let mut by_asset: BTreeMap<AssetId, Vec<Attachment>> = BTreeMap::new();
        let mut stale = text.len() - whole;
        for line in text.get(..whole).unwrap_or_default().split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            let Line { asset, attachment, removed } = serde_json::from_slice(line).map_err(|e| {
                Fault::new(Kind::Corrupt, e.to_string())
                    .about(path.display().to_string())
                    .remedy("restore it from a backup")
            })?;
            let of = by_asset.entry(asset).or_default();
            stale += usize::from(removed) + of.len();
            of.retain(|known| known.sha256 != attachment.sha256);
            stale -= of.len();
            if !removed {
                of.push(attachment);
            }
        }
        by_asset.retain(|_, of| !of.is_empty());
        if stale > 0 || text.is_empty() {
            let mut lines = Vec::new();
            for (asset, attachment) in by_asset.iter().flat_map(|(asset, of)| of.iter().map(move |one| (asset, one))) {
                lines.extend(line(asset, attachment, false)?);
            }
            write_whole(&path, &lines)?;
        }
        let log = File::options().append(true).open(&path).map_err(io)?;
        Ok(Self { dir, held: Mutex::new(Held { log, by_asset }) })
    }
    /// The attachments of an asset, in the order in which they came.
    pub fn of(&self, asset: &str) -> Vec<Attachment> {
        self.lock().by_asset.get(asset).cloned().unwrap_or_default()
    }
    /// Begins to take a file in.
    ///
    /// # Errors
    /// What the disk says.
    pub fn begin(&self) -> Result<Incoming> {
        let number = getrandom::u64().map_err(|e| Fault::internal(format!("no random numbers: {e}")))?;
        let path = self.dir.join(format!("{number:016x}.new"));
        let file = File::create(&path).map_err(|e| Fault::io("keeping an attachment", &e))?;
        Ok(Incoming { path, file, hasher: Sha256::new(), bytes: 0 })
    }
    /// Attaches a file to an asset, where the quota has room; on disk when this returns. The same content again gets the new
    /// name. Blocks.
    ///
    /// # Errors
    /// [`Kind::BadInput`] for an empty file, [`Kind::TooLarge`] for one too many, [`Kind::Io`] when the disk refuses: then
    /// nothing is attached.
    pub fn attach(&self, incoming: Incoming, asset: &str, sent: &Sent<'_>, quota: Quota<'_>) -> Result<Attachment> {
        let io = |e: std::io::Error| Fault::io("keeping an attachment", &e);
        if incoming.bytes == 0 {
            return Err(Fault::bad_input("the file is empty"));
        }
        incoming.file.sync_all().map_err(io)?;
        let sha256: String = incoming.hasher.clone().finalize().iter().map(|b| format!("{b:02x}")).collect();
        let [name, media, by] = [sent.name, sent.media, sent.by].map(str::to_owned);
        let attachment = Attachment { sha256, name, media, bytes: incoming.bytes, at: sent.at.0, by };
        let mut held = self.lock();
        let of = held.by_asset.get(asset);
        let others = of.map_or(0, |of| of.iter().filter(|one| one.sha256 != attachment.sha256).count());
        if others >= quota.of_asset {
            return Err(Fault::new(Kind::TooLarge, format!("an asset has at most {} attachments", quota.of_asset))
                .remedy("take one away first"));
        }
        let of_site = held.by_asset.iter().filter(|(id, _)| (quota.in_site)(id)).flat_map(|(_, of)| of);
        let mut contents: HashMap<&str, u64> = of_site.map(|one| (one.sha256.as_str(), one.bytes)).collect();
        contents.insert(&attachment.sha256, attachment.bytes);
        if contents.values().sum::<u64>() > quota.of_site {
            let most = quota.of_site;
            return Err(Fault::new(Kind::TooLarge, format!("the attachments of a site take at most {most} bytes"))
                .remedy("take some away first, or have 'attachment_bytes_per_site' raised in the configuration"));
        }
        std::fs::rename(&incoming.path, self.place(&attachment.sha256)).map_err(io)?;
        sync_dir(&self.dir)?;
        held.append(&AssetId::from(asset), &attachment, false)?;
        Ok(attachment)
    }
    /// Takes an attachment away from an asset; `None` when it has none of this content. Its bytes go with the last asset that
    /// has them. Blocks.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses: then it stays.
    pub fn detach(&self, asset: &str, sha256: &str) -> Result<Option<Attachment>> {
        let mut held = self.lock();
        let found = held.by_asset.get(asset).and_then(|of| of.iter().find(|one| one.sha256 == sha256)).cloned();
        let Some(attachment) = found else { return Ok(None) };
        held.append(&AssetId::from(asset), &attachment, true)?;
        if !held.by_asset.values().flatten().any(|one| one.sha256 == sha256) {
            // Bytes that cannot be removed now are in nobody's way.
            let _ = std::fs::remove_file(self.place(sha256));
        }
        Ok(Some(attachment))
    }
    /// The ids that have attachments.
    pub(super) fn assets(&self) -> Vec<AssetId> {
        self.lock().by_asset.keys().cloned().collect()
    }
    /// Attaches to `heir` all that is attached to `asset`, and takes it from that. Blocks.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses: then some of it is at both, and doing it again does no harm.
    pub(super) fn hand_on(&self, asset: &AssetId, heir: &AssetId) -> Result<()> {
        let mut held = self.lock();
        for attachment in held.by_asset.get(asset).cloned().unwrap_or_default() {
            held.append(heir, &attachment, false)?;
            held.append(asset, &attachment, true)?;
        }
        Ok(())
    }
    /// An attachment of an asset and its content, open for reading.
    ///
    /// # Errors
    /// [`Kind::Corrupt`] when the content is not there any more.
    pub fn read(&self, asset: &str, sha256: &str) -> Result<Option<(Attachment, File)>> {
        let found = self.of(asset).into_iter().find(|one| one.sha256 == sha256);
        let Some(attachment) = found else { return Ok(None) };
        let file = File::open(self.place(sha256)).map_err(|e| {
            Fault::new(Kind::Corrupt, format!("the attachment cannot be read: {e}")).remedy("restore it from a backup")
        })?;
        Ok(Some((attachment, file)))
    }

    fn place(&self, sha256: &str) -> PathBuf {
        self.dir.join(sha256)
    }
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Writes a line, brings it to disk, and only then knows of it.
    fn append(&mut self, asset: &AssetId, attachment: &Attachment, removed: bool) -> Result<()> {
        let io = |e: std::io::Error| Fault::io("writing the list of attachments", &e);
        let before = self.log.metadata().map_err(io)?.len();
        let written = self.log.write_all(&line(asset, attachment, removed)?).and_then(|()| self.log.sync_data());
        if let Err(error) = written {
            // A half of a line must not stand before the next one.
            let _ = self.log.set_len(before);
            return Err(io(error));
        }
        let of = self.by_asset.entry(asset.clone()).or_default();
        of.retain(|known| known.sha256 != attachment.sha256);
        if !removed {
            of.push(attachment.clone());
        }
        if of.is_empty() {
            self.by_asset.remove(asset);
        }
        Ok(())
    }
}

fn line(asset: &AssetId, attachment: &Attachment, removed: bool) -> Result<Vec<u8>> {
    let line = Line { asset: asset.clone(), attachment: attachment.clone(), removed };
    let mut line = serde_json::to_vec(&line).map_err(|e| Fault::internal(e.to_string()))?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attach(to: &Attachments, asset: &str, name: &str, content: &[u8]) -> Result<Attachment> {
        let mut incoming = to.begin()?;
        incoming.write(content)?;
        let quota = Quota { of_asset: 2, of_site: 12, in_site: &|id| (id == "elsewhere") == (asset == "elsewhere") };
        to.attach(incoming, asset, &Sent { name, media: "text/plain", at: Instant(5), by: "key 1" }, quota)
    }

    #[test]
    fn what_is_attached_is_there_after_opening_again_also_behind_half_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let held = Attachments::open(dir.path()).unwrap();
        let plan = attach(&held, "阀门-1", "图纸.txt", b"abc").unwrap();
        // The SHA-256 of "abc" (FIPS 180-2, appendix B.1).
        assert_eq!(plan.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let photo = attach(&held, "阀门-1", "photo.txt", b"def").unwrap();
        assert_eq!(attach(&held, "阀门-1", "third", b"ghi").unwrap_err().kind, Kind::TooLarge);
        assert_eq!(attach(&held, "other", "none", b"").unwrap_err().kind, Kind::BadInput);
        attach(&held, "other", "same.txt", b"abc").unwrap();
        // Six bytes are there, of two contents; twelve may be.
        assert_eq!(attach(&held, "third", "large", b"0123456").unwrap_err().kind, Kind::TooLarge);
        let beside = attach(&held, "elsewhere", "large", b"0123456789").unwrap();
        attach(&held, "third", "fits", b"012345").unwrap();
        let (third, heir) = (AssetId::from("third"), AssetId::from("heir"));
        held.hand_on(&third, &heir).unwrap();
        assert_eq!((held.of("third").len(), held.of("heir")[0].name.as_str()), (0, "fits"));
        held.detach("heir", &held.of("heir")[0].sha256).unwrap();
        held.detach("elsewhere", &beside.sha256).unwrap();
        assert_eq!(attach(&held, "阀门-1", "renamed.txt", b"abc").unwrap().name, "renamed.txt");
        assert_eq!(held.detach("阀门-1", &photo.sha256).unwrap(), Some(photo.clone()));
        assert_eq!(held.detach("阀门-1", &photo.sha256).unwrap(), None);
        let unfinished = held.begin().unwrap();
        std::mem::forget(unfinished);
        drop(held);
        let log = dir.path().join("attachments").join(LOG);
        std::fs::OpenOptions::new().append(true).open(&log).unwrap().write_all(b"{\"asset\":\"x\",\"sha").unwrap();
        let held = Attachments::open(dir.path()).unwrap();
        assert_eq!(held.of("阀门-1").iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["renamed.txt"]);
        let content = |asset: &str| {
            let (_, mut file) = held.read(asset, &plan.sha256).unwrap().unwrap();
            let mut text = String::new();
            std::io::Read::read_to_string(&mut file, &mut text).unwrap();
            text
        };
        assert_eq!(content("other"), "abc");
        held.detach("阀门-1", &plan.sha256).unwrap();
        assert_eq!(content("other"), "abc", "another asset has it still");
        held.detach("other", &plan.sha256).unwrap();
        let left: Vec<_> =
            std::fs::read_dir(dir.path().join("attachments")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, [LOG], "neither bytes nor an unfinished upload stay");
        std::fs::write(&log, "nonsense\n").unwrap();
        assert_eq!(Attachments::open(dir.path()).unwrap_err().kind, Kind::Corrupt);
    }
}
