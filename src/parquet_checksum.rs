//! Owns the checksum of a whole Parquet file: an entry in the key-value metadata of the footer. The CRCs of the pages
//! (parquet.thrift, `PageHeader.crc`), which other programs check too, cover neither their headers nor the footer.
//! Must not know what a file holds, nor the rest of its footer.

use std::ops::Range;

/// Who makes the files that have the entry, as the footer names it.
pub const CREATED_BY: &str = "reperes";

/// The name of the entry.
pub const NAME: &str = "reperes.crc32";

/// Its value while the checksum is computed.
pub const UNKNOWN: &str = "00000000";

/// What stands between name and value in the compact protocol of Thrift: the second field of the entry, a text of 8 bytes.
const BETWEEN: [u8; 2] = [0x18, 8];

/// Where the value of the entry stands in bytes that hold the end of a footer; none if there is no entry. The last entry
/// counts: the ones before it may be values of the data.
pub fn place(end: &[u8]) -> Option<Range<usize>> {
    let name = [NAME.as_bytes(), &BETWEEN].concat();
    let start = end.windows(name.len()).rposition(|window| window == name)? + name.len();
    (start + UNKNOWN.len() <= end.len()).then_some(start..start + UNKNOWN.len())
}

/// Whether a footer names the entry, be it readable or not.
pub fn is_named(footer: &[u8]) -> bool {
    footer.windows(NAME.len()).any(|window| window == NAME.as_bytes())
}

/// The checksum over the bytes of a file, in which the value is [`UNKNOWN`]: CRC-32 as in gzip.
#[derive(Clone, Default)]
pub struct FileChecksum(crc32fast::Hasher);

impl FileChecksum {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The value, in eight hexadecimal digits.
    pub fn value(&self) -> String {
        format!("{:08x}", self.0.clone().finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entry_has_the_value() {
        let entry = |value: &str| [NAME.as_bytes(), &BETWEEN, value.as_bytes()].concat();
        let end = [entry("11111111"), b"between".to_vec(), entry("22222222"), b"PAR1".to_vec()].concat();
        assert_eq!(place(&end).map(|range| end[range].to_vec()), Some(b"22222222".to_vec()));
        assert_eq!(place(&end[..end.len() - 5]).map(|range| end[range].to_vec()), None, "the value is cut");
        assert_eq!(place(b""), None);
    }

    #[test]
    fn the_checksum_is_that_of_gzip() {
        let mut checksum = FileChecksum::default();
        checksum.update(b"1234");
        checksum.update(b"56789");
        assert_eq!(checksum.value(), "cbf43926");
    }
}
