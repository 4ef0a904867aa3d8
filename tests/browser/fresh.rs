//! A building that changes under an open page is drawn as it is now.

use super::{assert_none, node};
use crate::support::town;

#[test]
fn an_open_page_draws_a_building_as_it_was_changed() {
    let town = town(&[]);
    let seen = node("fresh.mjs", &[&town.server.base, &town.operator, &town.integrator, "320106003001"]);
    assert_none(&seen, "/outside");
    assert_none(&seen, "/errors");
    let waits = seen["waits"].as_array().unwrap();
    assert_eq!(waits.len(), 3, "each change is seen");
    eprintln!("milliseconds from the answer to the import to the new picture: {waits:?}");
}
