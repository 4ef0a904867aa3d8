//! The system query options (18-088 §9.3): `$top $skip $select $orderby $count`; any other is refused by name.

use crate::api::encode::segment;
use crate::api::limits::Limits;
use crate::api::params::{Form, Param, Params};
use crate::fault::{Fault, Result};
use axum::http::Uri;
use serde_json::{Map, Value, json};

/// Rows of a page unless `$top` says otherwise.
const TOP: usize = 100;

const SELECT: Param = Param::new("$select", Form::Text, "Only these properties, with commas between.");

/// The options that a read of one entity knows.
pub const OF_ONE: &[Param] = &[SELECT];
/// The options that a read of a set knows.
pub const KNOWN: &[Param] = &[
    Param::new("$top", Form::Rows(0), "How many at most; 100 unless told."),
    Param::new("$skip", Form::Integer(0, i64::MAX), "How many to leave out first."),
    SELECT,
    Param::new("$orderby", Form::Text, "A property, and asc or desc."),
    Param::new("$count", Form::Bool, "Whether to give the number of all as @iot.count."),
    Param::new("$skiptoken", Form::Text, "Where a page begins; from a next link."),
];

/// The options of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Rows wanted.
    pub top: usize,
    /// Rows to leave out.
    pub skip: usize,
    /// Whether to count.
    pub count: bool,
    /// Whether the order is descending.
    pub descending: bool,
    /// The property to order by.
    pub order: Option<String>,
    /// Where the page begins.
    pub token: Option<String>,
    select: Option<Vec<String>>,
    pairs: Vec<(String, String)>,
}

impl Options {
    /// Reads the options of `uri`; the entity has `properties` and can be ordered by `orders`.
    ///
    /// # Errors
    /// An option that is not known or does not hold, by name.
    pub fn read(uri: &Uri, properties: &[&str], orders: &[&str], limits: &Limits) -> Result<Self> {
        let params = Params::read(uri, KNOWN, limits.rows)?;
        let most_skip = limits.skip;
        let size = |name: &str| params.integer(name).and_then(|n| usize::try_from(n).ok());
        let skip = size("$skip").unwrap_or(0);
        if skip > most_skip {
            // What is left out is read all the same.
            return Err(Fault::parameter("$skip", format!("'{skip}' is over this server's limit of {most_skip}"))
                .remedy("follow @iot.nextLink, which leads through any number of entities"));
        }
        let select = params.get("$select").map(|text| selected(text, properties)).transpose()?;
        let (order, descending) = params.get("$orderby").map_or(Ok((None, false)), |text| ordered(text, orders))?;
        Ok(Self {
            top: params.rows("$top", TOP, limits),
            skip,
            count: params.is_true("$count"),
            descending,
            order,
            token: params.get("$skiptoken").map(str::to_owned),
            select,
            pairs: params.pairs().to_vec(),
        })
    }
    /// The entity with only the properties asked for.
    pub fn select(&self, entity: Value) -> Value {
        let (Some(wanted), Value::Object(object)) = (&self.select, &entity) else { return entity };
        let kept: Map<_, _> = object
            .iter()
            .filter(|(name, _)| {
                let bare = name.strip_suffix("@iot.navigationLink").unwrap_or(name);
                wanted.iter().any(|w| w == bare || w == *name || (w == "id" && *name == "@iot.id"))
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Value::Object(kept)
    }
    /// A collection's answer; `next` is the `$skiptoken` of the page after this one.
    pub fn page(&self, url: &str, count: Option<u64>, value: Vec<Value>, next: Option<String>) -> Value {
        let mut body = Map::new();
        if let Some(count) = count {
            body.insert("@iot.count".to_owned(), json!(count));
        }
        body.insert("value".to_owned(), value.into_iter().map(|v| self.select(v)).collect());
        if let Some(place) = next {
            let kept = self.pairs.iter().filter(|(name, _)| !matches!(name.as_str(), "$skip" | "$skiptoken"));
            let mut query: String = kept.map(|(name, v)| format!("{name}={}&", segment(v))).collect();
            query.push_str(&format!("$skiptoken={}", segment(&place)));
            body.insert("@iot.nextLink".to_owned(), json!(format!("{url}?{query}")));
        }
        Value::Object(body)
    }
}

fn selected(text: &str, properties: &[&str]) -> Result<Vec<String>> {
    text.split(',')
        .map(|word| {
            let word = word.trim();
            if word == "id" || word.starts_with("@iot.") || properties.contains(&word) {
                Ok(word.to_owned())
            } else {
                Err(Fault::parameter("$select", format!("there is no property '{word}'"))
                    .remedy(format!("there are id, {}", properties.join(", "))))
            }
        })
        .collect()
}

fn ordered(text: &str, orders: &[&str]) -> Result<(Option<String>, bool)> {
    let mut words = text.split_whitespace();
    let name = words.next().map(|w| if w == "@iot.id" { "id" } else { w }).unwrap_or_default();
    let descending = match (words.next(), words.next()) {
        (None | Some("asc"), None) => false,
        (Some("desc"), None) => true,
        _ => return Err(Fault::parameter("$orderby", format!("'{text}' is not one property and asc or desc"))),
    };
    if orders.contains(&name) {
        Ok((Some(name.to_owned()), descending))
    } else {
        Err(Fault::parameter("$orderby", format!("there is no order by '{name}'"))
            .remedy(format!("by {}", orders.join(", "))))
    }
}
