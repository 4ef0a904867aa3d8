//! Numbers that say what they measure, for the edges where degrees and metres meet.

/// Longitude, latitude and ellipsoidal height on WGS 84 (EPSG:4979), in degrees and metres, x-east y-north order.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Geodetic {
    /// Degrees east, -180 to 180.
    pub lon: f64,
    /// Degrees north, -90 to 90.
    pub lat: f64,
    /// Metres above the WGS 84 ellipsoid.
    pub h: f64,
}

impl Geodetic {
    /// A position from degrees, degrees and metres.
    pub const fn new(lon: f64, lat: f64, h: f64) -> Self {
        Self { lon, lat, h }
    }
    /// `[lon, lat, h]`, the order of GeoJSON (RFC 7946 §3.1.1).
    pub const fn to_array(self) -> [f64; 3] {
        [self.lon, self.lat, self.h]
    }
}

impl From<[f64; 3]> for Geodetic {
    fn from([lon, lat, h]: [f64; 3]) -> Self {
        Self { lon, lat, h }
    }
}

/// An instant on the UTC time line: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub i64);

impl Instant {
    /// Later than every instant: the open end of a validity interval.
    pub const MAX: Self = Self(i64::MAX);
    /// Earlier than every instant: the open start of an interval.
    pub const MIN: Self = Self(i64::MIN);
}

impl std::fmt::Display for Instant {
    /// RFC 3339 in UTC with milliseconds; an instant beyond the calendar prints as `..` (the open end of ISO 8601-2 and OGC).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => write!(f, "{t:.3}"),
            Err(_) => f.write_str(".."),
        }
    }
}

impl std::str::FromStr for Instant {
    type Err = crate::fault::Fault;
    /// Reads RFC 3339 with an offset; a date alone is its midnight in UTC.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let full = if s.len() == 10 { format!("{s}T00:00:00Z") } else { s.to_owned() };
        full.parse::<jiff::Timestamp>()
            .map(|t| Self(t.as_millisecond()))
            .map_err(|_| crate::fault::Fault::bad_input(format!("'{s}' is not a time such as 2026-01-31T08:00:00Z")))
    }
}

/// Tells the time. Only `app` reads the wall clock; everything else is given one of these.
pub type Clock = std::sync::Arc<dyn Fn() -> Instant + Send + Sync>;
