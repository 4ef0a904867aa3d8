//! What can go wrong, as one closed set: a kind that the edges map once (to an HTTP status, to an exit code), and words for people.

use std::fmt;

/// What class of failure this is. The set is closed: an edge that maps it maps all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The caller sent something that does not hold: a bad parameter, file or value.
    BadInput,
    /// Who asks is not known: no key, or one that is not valid.
    Unauthorized,
    /// Who asks is known and may not.
    Forbidden,
    /// The thing named does not exist, or the caller may not know that it does.
    NotFound,
    /// The change contradicts what is stored: a writer that holds the lock, an id taken, a CRS that disagrees.
    Conflict,
    /// What is named does not take this method.
    MethodNotAllowed,
    /// The request's address is over the limit of the table of limits.
    UriTooLong,
    /// The request or what it would answer is over a limit of the table of limits.
    TooLarge,
    /// The caller asks too often or holds too many streams.
    TooMany,
    /// A part this needs is missing or busy just now: no graphics adapter, a full queue.
    Unavailable,
    /// Stored bytes are not what was written.
    Corrupt,
    /// The operating system refused: disk, network, file rights.
    Io,
    /// A defect of Cimbra itself.
    Internal,
}

/// One failure: its kind, what happened, which input it is about and what to do.
///
/// `Display` gives one line: `subject: detail; remedy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The class of failure.
    pub kind: Kind,
    /// What happened, a sentence without a full stop.
    pub detail: String,
    /// The parameter, file or object it is about (`bbox`, `tower.ifc`, `NL.IMBAG.Pand.1`).
    pub subject: Option<String>,
    /// What the caller can do about it.
    pub remedy: Option<String>,
}

/// `std` result with a [`Fault`].
pub type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    /// A failure of `kind` described by `detail`.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), subject: None, remedy: None }
    }
    /// [`Kind::BadInput`] described by `detail`.
    pub fn bad_input(detail: impl Into<String>) -> Self {
        Self::new(Kind::BadInput, detail)
    }
    /// [`Kind::BadInput`] about the named request parameter.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self::bad_input(detail).about(name)
    }
    /// [`Kind::NotFound`] described by `detail`.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, detail)
    }
    /// [`Kind::Internal`] described by `detail`.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(Kind::Internal, detail)
    }
    /// [`Kind::Io`] from an operating system error while doing `what` (such as "reading var/a.log").
    pub fn io(what: &str, error: &std::io::Error) -> Self {
        Self::new(Kind::Io, format!("{what}: {error}"))
    }
    /// Names what the failure is about; the innermost name given stays.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject.get_or_insert_with(|| subject.into());
        self
    }
    /// Says what the caller can do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy.get_or_insert_with(|| remedy.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(subject) = &self.subject {
            write!(f, "{subject}: ")?;
        }
        f.write_str(&self.detail)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
