//! Ids that other files refer to: the same object has the same id wherever it is named.

use super::site::Structure;
use super::tree::{Node, SITE_CODE};
use sha2::{Digest, Sha256};

/// The id under which a node of a structure's tree comes in: its CityJSON key, or its GlobalId where IFC delivers it.
pub(super) fn asset(structure: &Structure, node: &Node) -> String {
    if structure.is_bim() { global_id(&node.key) } else { node.key.clone() }
}

/// An IFC GlobalId: 128 bits of the key's hash in the 64 characters of buildingSMART's base 64, 22 of them.
pub(super) fn global_id(key: &str) -> String {
    const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$";
    let hash = Sha256::digest(format!("{SITE_CODE}/{key}"));
    let mut bits = hash.iter().take(16).fold(0u128, |bits, &byte| bits << 8 | u128::from(byte));
    let mut digits = [b'0'; 22];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(bits & 63) as usize];
        bits >>= 6;
    }
    digits.iter().map(|&d| char::from(d)).collect()
}

/// A GB/T 28181 camera id of 20 digits: centre 8, industry 2, type 3 (132, a network camera), network 1, serial 6.
pub(super) fn camera(serial: u32) -> String {
    format!("32010600001320{serial:06}")
}

/// A city component code of 16 digits: district 6, class 2, kind 2, serial 6.
pub(super) fn component(class: u32, kind: u32, serial: u32) -> String {
    format!("320106{class:02}{kind:02}{serial:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_length_their_standard_says() {
        assert_eq!(camera(7).len(), 20);
        assert_eq!(component(1, 2, 3), "3201060102000003");
        let id = global_id("B001");
        // 128 bits in 22 digits of 6: the first digit holds two bits only (IfcGloballyUniqueId).
        assert!(id.len() == 22 && id.as_bytes()[0] <= b'3', "{id}");
        assert_ne!(id, global_id("B002"));
    }
}
