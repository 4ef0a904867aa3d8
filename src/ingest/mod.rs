//! Files into a site: read, place, check, report, commit; and a community made up for trying it.

pub mod generate;
