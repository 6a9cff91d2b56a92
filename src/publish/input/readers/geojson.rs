//! Owns the reading of GeoJSON (RFC 7946): each feature's properties are a row. The geometry is passed over: contours
//! are published as a member of their own, and what exports draw is looked up by territory.
//! Must not know what the properties mean.

use std::cell::Cell;
use std::fmt;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::ReadError;
use super::json::{JsonRows, Members};
use super::json_array;
use super::limits::RECORD_BYTES;
use super::sink::RecordSink;

/// What a collection's `type` says, with its quotation marks.
pub const COLLECTION: &[u8] = b"\"FeatureCollection\"";

/// Reads the features of a collection; a record's line is the number of its feature.
///
/// # Errors
/// When the file is not that.
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

/// The features, one after the other.
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

/// The part of a feature that is read.
#[derive(serde::Deserialize)]
struct FeatureProperties {
    properties: Members,
}
