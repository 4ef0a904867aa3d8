//! The file's records by their numbers, and their attributes by the names that the schema gives them.

use ifc_lite_core::{AttributeValue, DecodedEntity, EntityDecoder, SchemaVersion};

/// Decoded records kept at most: what is read here is read once or nearby.
const KEPT: usize = 100_000;

/// The records of one file.
pub(super) struct Book<'a> {
    /// What takes records apart.
    pub decoder: EntityDecoder<'a>,
    /// The file's own schema.
    pub schema: SchemaVersion,
}

/// The schemas to ask for an entity, the file's own first: exporters mix the schemas' entities.
pub(super) fn schemas(own: SchemaVersion) -> [SchemaVersion; 4] {
    use SchemaVersion as V;
    [own, V::Ifc4x3, V::Ifc4, V::Ifc2x3]
}

impl<'a> Book<'a> {
    pub(super) fn new(decoder: EntityDecoder<'a>, schema: SchemaVersion) -> Self {
        Self { decoder, schema }
    }
    /// The record of that number, where there is one that can be read.
    pub(super) fn record(&mut self, number: u32) -> Option<DecodedEntity> {
        if self.decoder.cache_size() > KEPT {
            self.decoder.clear_entity_cache();
        }
        self.decoder.decode_by_id(number).ok()
    }
    /// The names of a record's attributes in their order.
    pub(super) fn names(&self, record: &DecodedEntity) -> &'static [&'static str] {
        let keyword = record.ifc_type.as_str();
        schemas(self.schema).into_iter().find_map(|s| s.attribute_names(keyword)).unwrap_or_default()
    }
    /// The attribute of that name, unless it is `$` or `*`.
    pub(super) fn get<'r>(&self, record: &'r DecodedEntity, name: &str) -> Option<&'r AttributeValue> {
        let at = self.names(record).iter().position(|n| *n == name)?;
        record.get(at).filter(|value| !value.is_null())
    }
    /// A text that is not blank.
    pub(super) fn text(&self, record: &DecodedEntity, name: &str) -> Option<String> {
        let text = self.get(record, name)?.as_string()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
    /// An enumeration's word.
    pub(super) fn word<'r>(&self, record: &'r DecodedEntity, name: &str) -> Option<&'r str> {
        self.get(record, name)?.as_enum()
    }
    /// A finite number.
    pub(super) fn number(&self, record: &DecodedEntity, name: &str) -> Option<f64> {
        self.get(record, name)?.as_float().filter(|n| n.is_finite())
    }
    /// The number of the record that the attribute refers to.
    pub(super) fn reference(&self, record: &DecodedEntity, name: &str) -> Option<u32> {
        self.get(record, name)?.as_entity_ref()
    }
    /// The numbers of all records that the attribute refers to.
    pub(super) fn references(&self, record: &DecodedEntity, name: &str) -> Vec<u32> {
        let members = self.get(record, name).and_then(AttributeValue::as_ref_members).unwrap_or_default();
        members.iter().filter_map(AttributeValue::as_entity_ref).collect()
    }
    /// The record that the attribute refers to.
    pub(super) fn follow(&mut self, record: &DecodedEntity, name: &str) -> Option<DecodedEntity> {
        let number = self.reference(record, name)?;
        self.record(number)
    }
}
