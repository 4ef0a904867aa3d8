//! What a check of the city's data has found: which object, what about it, where. A finding refuses nothing.

/// One thing that somebody should look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The id of the object it is about.
    pub object: String,
    /// Which check has found it, such as `dangling_end`.
    pub check: &'static str,
    /// What is found, for people.
    pub detail: String,
    /// Ids of other objects that take part.
    pub others: Vec<String>,
    /// Where: WGS 84 longitude, latitude (degrees) and ellipsoidal height (metres).
    pub place: Option<[f64; 3]>,
}

impl Finding {
    /// A finding about `object`.
    pub fn new(object: impl Into<String>, check: &'static str, detail: impl Into<String>) -> Self {
        Self { object: object.into(), check, detail: detail.into(), others: Vec::new(), place: None }
    }
    /// The same, with others that take part.
    #[must_use]
    pub fn with<S: Into<String>>(self, others: impl IntoIterator<Item = S>) -> Self {
        Self { others: others.into_iter().map(Into::into).collect(), ..self }
    }
    /// The same, at a place.
    #[must_use]
    pub fn at(self, place: [f64; 3]) -> Self {
        Self { place: Some(place), ..self }
    }
}
