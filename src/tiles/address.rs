//! What tiles are called: their names in a tileset, which never mean other bytes.

use std::fmt;
use std::str::FromStr;

/// The name of a file of a tileset: a hash of all that its bytes are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A tile's content: `<hash>.glb`.
    Tile(u128),
    /// A part of the tree as a tileset of its own: `<hash>.json`.
    Tileset(u128),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tile(hash) => write!(f, "{hash:032x}.glb"),
            Self::Tileset(hash) => write!(f, "{hash:032x}.json"),
        }
    }
}

/// The text is no name of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAddress;

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(name: &str) -> Result<Self, NoAddress> {
        let (hash, ending) = name.split_once('.').filter(|(hash, _)| hash.len() == 32).ok_or(NoAddress)?;
        let hash = u128::from_str_radix(hash, 16).map_err(|_| NoAddress)?;
        let address = match ending {
            "glb" => Self::Tile(hash),
            "json" => Self::Tileset(hash),
            _ => return Err(NoAddress),
        };
        // One name each: no sign, no capitals.
        if address.to_string() == name { Ok(address) } else { Err(NoAddress) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_has_one_name() {
        for (name, address) in [
            ("000000000000000000000000000000ab.glb", Address::Tile(0xab)),
            ("ffffffffffffffffffffffffffffffff.json", Address::Tileset(u128::MAX)),
        ] {
            assert_eq!((name.parse(), address.to_string().as_str()), (Ok(address), name));
        }
        let capital = "000000000000000000000000000000AB.glb";
        let signed = "+00000000000000000000000000000ab.glb";
        for name in [capital, signed, "ab.glb", "tileset.json", "000000000000000000000000000000ab.b3dm", ""] {
            assert_eq!(name.parse::<Address>(), Err(NoAddress), "{name}");
        }
    }
}
