//! What readers of loose tables and features share: ids made where none is given, class words, ids that come twice.

use super::attribute::{find, text};
use super::reader::clip;
use super::{Sink, SourceItem};
use crate::fault::Result;
use crate::model::{AssetId, Attributes, Class, Value};
use std::collections::{HashMap, HashSet};

/// Counts what a reader had to decide by itself, for the report.
#[derive(Debug, Default)]
pub(super) struct Taken {
    seen: HashSet<AssetId>,
    made: HashMap<u64, u32>,
    unknown: Option<(usize, String)>,
    by_default: HashMap<Class, usize>,
}

impl Taken {
    /// Takes an id once; the reason why not otherwise.
    pub fn id(&mut self, id: &str) -> std::result::Result<AssetId, String> {
        if id.is_empty() || id.len() > 512 || id.chars().any(char::is_control) {
            return Err("the id is empty, longer than 512 bytes or holds control characters".into());
        }
        let id: AssetId = id.into();
        if self.seen.insert(id.clone()) {
            Ok(id)
        } else {
            Err("the id stands twice in the file; the first one is taken".into())
        }
    }
    /// An id for what has none: a hash of its content, the same at the next import, told apart from its doubles.
    pub fn make_id(&mut self, content: &str) -> AssetId {
        let hash = xxhash_rust::xxh3::xxh3_64(content.as_bytes());
        loop {
            let count = self.made.entry(hash).or_default();
            *count += 1;
            let id: AssetId =
                if *count == 1 { format!("made-{hash:016x}") } else { format!("made-{hash:016x}-{count}") }.into();
            if self.seen.insert(id.clone()) {
                return id;
            }
        }
    }
    /// The class that the text attribute `class` names; it is taken out of the attributes. A word that names no class
    /// becomes the attribute `kind`.
    pub fn class(&mut self, attributes: &mut Attributes) -> Option<Word> {
        let word = text(attributes, &["class"])?;
        attributes.retain(|(name, _)| name != "class");
        if let Some(class) = Class::from_source(&word) {
            return Some(Word::Known(class));
        }
        self.unknown.get_or_insert_with(|| (0, clip(&word))).0 += 1;
        match find(attributes, "kind") {
            None => attributes.push(("kind".into(), Value::Text(word))),
            Some(_) => attributes.push(("class".into(), Value::Text(word))),
        }
        Some(Word::Unknown)
    }
    /// Notes that `class` was assumed.
    pub fn assumed(&mut self, class: Class) -> Class {
        *self.by_default.entry(class).or_default() += 1;
        class
    }
    /// Tells what was decided.
    pub fn end(self, sink: &mut Sink) -> Result<()> {
        let made: usize = self.made.values().map(|n| *n as usize).sum();
        if made > 0 {
            sink(SourceItem::Note(format!("{made} objects have no id and get one made from their content")))?;
        }
        if let Some((count, word)) = self.unknown {
            let note = format!(
                "{count} objects have a class that is none of Cimbra's, such as '{word}': kept as the attribute 'kind'"
            );
            sink(SourceItem::Note(note))?;
        }
        let mut by_default: Vec<_> = self.by_default.into_iter().collect();
        by_default.sort();
        for (class, count) in by_default {
            sink(SourceItem::Note(format!(
                "{count} objects say no class and are taken as {class}; --class says otherwise"
            )))?;
        }
        Ok(())
    }
}

/// What a class word came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Word {
    /// A class of Cimbra's.
    Known(Class),
    /// None of them.
    Unknown,
}

/// Takes the text attribute out of the list.
pub(super) fn take_text(attributes: &mut Attributes, names: &[&str]) -> Option<String> {
    let name = *names.iter().find(|name| text(attributes, &[name]).is_some())?;
    let found = text(attributes, &[name]);
    attributes.retain(|(known, _)| known != name);
    found
}
