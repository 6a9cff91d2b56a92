//! Owns the reading of GeoJSON (RFC 7946): the properties of each feature are a row. Geometries are skipped: contours
//! are published as a property, and exports take the geometry from the territory.
//! Must not know the meaning of the properties.

use std::cell::Cell;
use std::fmt;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::ReadError;
use super::json::{JsonRows, Members};
use super::json_array;
use super::limits::RECORD_BYTES;
use super::sink::RecordSink;

/// The value of a collection's `type`, with quotation marks.
pub const COLLECTION: &[u8] = b"\"FeatureCollection\"";

/// Reads the features of a collection. The line of a record is the number of its feature, from 1.
///
/// # Errors
/// Returns an error if the file is not a GeoJSON collection of features.
pub fn read(path: &Path, sink: &mut dyn RecordSink) -> Result<(), ReadError> {
    json_array::read(path, sink, "a GeoJSON collection of features", |rows, left, whole| {
        whole.deserialize_map(Collection(rows, left))
    })
}

/// A collection: an object whose member `features` is an array.
struct Collection<'r, 's>(&'r mut JsonRows<'s>, &'r Cell<Option<usize>>);

impl<'de> Visitor<'de> for Collection<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(name) = map.next_key::<String>()? {
            if name == "features" && !found {
                found = true;
                map.next_value_seed(Features(&mut *self.0, self.1))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if found { Ok(()) } else { Err(Error::custom("it has no member `features`")) }
    }
}

/// The features, one after another.
struct Features<'r, 's>(&'r mut JsonRows<'s>, &'r Cell<Option<usize>>);

impl<'de> DeserializeSeed<'de> for Features<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        loop {
            self.1.set(Some(RECORD_BYTES));
            let Some(FeatureProperties { properties }) = seq.next_element::<FeatureProperties>()? else { break };
            let number = self.0.count() + 1;
            if self.0.take(number, properties).is_break() {
                return Err(Error::custom("stopped"));
            }
        }
        self.1.set(None);
        Ok(())
    }
}

/// The part of a feature that becomes a row.
#[derive(serde::Deserialize)]
struct FeatureProperties {
    properties: Members,
}
