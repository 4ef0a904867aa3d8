//! The file's elements, block by block; what breaks the library down in one is the file's fault.

use super::too_large;
use crate::fault::{Fault, Result};
use crate::formats::reader::open;
use crate::model::{Attributes, Value};
use osmpbf::{BlobDecode, BlobReader, PrimitiveBlock, RelMemberType};
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The largest blob, bytes (<https://wiki.openstreetmap.org/wiki/PBF_Format>).
const LARGEST_BLOB: i32 = 32 << 20;
/// What a file may need of its reader.
const KNOWN: &[&str] = &["OsmSchema-V0.6", "DenseNodes", "LocationsOnWays"];

/// Which elements to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Nodes,
    Ways,
    Relations,
}

/// A member of a relation.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub kind: RelMemberType,
    pub id: i64,
    pub role: String,
}

/// An element with its tags.
pub(super) enum Element {
    Node { id: i64, tags: Attributes, at: [f64; 2] },
    Way { id: i64, tags: Attributes, nodes: Vec<i64> },
    Relation { id: i64, tags: Attributes, members: Vec<Member> },
}

fn broken(what: &dyn std::fmt::Display) -> Fault {
    let what: String = what.to_string().chars().take(200).collect();
    Fault::bad_input(format!("is no whole OpenStreetMap PBF: {what}"))
}

fn guarded<T>(run: impl FnOnce() -> osmpbf::Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| broken(&"the reader broke down on it"))?.map_err(|e| broken(&e))
}

/// Looks at the sizes of all blobs and at what the file needs of its reader.
///
/// # Errors
/// A size that no blob has, or a feature that is not known here.
pub(super) fn check(file: &Path) -> Result<()> {
    let mut input = BlobReader::new_seekable(BufReader::new(open(file)?)).map_err(|e| broken(&e))?;
    while let Some(header) = guarded(|| input.next_header_skip_blob().transpose())? {
        let bytes = header.0.get_blob_size();
        if !(0..=LARGEST_BLOB).contains(&bytes) {
            return Err(broken(&format!("a blob of {bytes} bytes")));
        }
    }
    let mut input = BlobReader::new(BufReader::new(open(file)?));
    let Some(first) = guarded(|| input.next().transpose())? else { return Err(broken(&"it is empty")) };
    let head = guarded(|| first.to_headerblock())?;
    match head.required_features().iter().find(|f| !KNOWN.contains(&f.as_str())) {
        None => Ok(()),
        Some(feature) => {
            let feature: String = feature.chars().take(40).collect();
            Err(Fault::bad_input(format!("needs a reader that knows '{feature}'"))
                .remedy("make a plain extract of it: osmium cat FILE -o plain.osm.pbf"))
        }
    }
}

/// Gives every wanted element of the file.
///
/// # Errors
/// A blob that cannot be read, and what `take` says.
pub(super) fn each(file: &Path, want: Want, take: &mut dyn FnMut(Element) -> Result<()>) -> Result<()> {
    let mut input = BlobReader::new(BufReader::with_capacity(1 << 16, open(file)?));
    while let Some(blob) = guarded(|| input.next().transpose())? {
        let elements = guarded(|| match blob.decode()? {
            BlobDecode::OsmData(block) => elements(&block, want),
            BlobDecode::OsmHeader(_) | BlobDecode::Unknown(_) => Ok(Vec::new()),
        })?;
        elements.into_iter().try_for_each(&mut *take)?;
    }
    Ok(())
}

fn elements(block: &PrimitiveBlock, want: Want) -> osmpbf::Result<Vec<Element>> {
    let mut all = Vec::new();
    for group in block.groups() {
        match want {
            Want::Nodes => {
                for node in group.nodes() {
                    all.push(Element::Node {
                        id: node.id(),
                        tags: tags(node.tags()),
                        at: at(node.nano_lon(), node.nano_lat()),
                    });
                }
                for node in group.dense_nodes() {
                    all.push(Element::Node {
                        id: node.id(),
                        tags: tags(node.tags()),
                        at: at(node.nano_lon(), node.nano_lat()),
                    });
                }
            }
            Want::Ways => {
                for way in group.ways() {
                    all.push(Element::Way { id: way.id(), tags: tags(way.tags()), nodes: way.refs().collect() });
                }
            }
            Want::Relations => {
                for relation in group.relations() {
                    let member = |m: osmpbf::RelMember<'_>| {
                        let role = m.role()?.to_owned();
                        Ok(Member { kind: m.member_type, id: m.member_id, role })
                    };
                    let members = relation.members().map(member).collect::<osmpbf::Result<_>>()?;
                    all.push(Element::Relation { id: relation.id(), tags: tags(relation.tags()), members });
                }
            }
        }
    }
    Ok(all)
}

/// Degrees; a division gives the nearest double to what the file says, where a product would not.
#[expect(clippy::cast_precision_loss, reason = "a billion times 180 is far below 2^53")]
fn at(lon: i64, lat: i64) -> [f64; 2] {
    [lon as f64 / 1e9, lat as f64 / 1e9]
}

fn tags<'t>(tags: impl Iterator<Item = (&'t str, &'t str)>) -> Attributes {
    tags.map(|(key, value)| (key.to_owned(), Value::Text(value.to_owned()))).collect()
}

/// # Errors
/// More than `most`.
pub(super) fn bounded(count: usize, most: usize, what: &str) -> Result<()> {
    if count > most { Err(too_large(what)) } else { Ok(()) }
}
