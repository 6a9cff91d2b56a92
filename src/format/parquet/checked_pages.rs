//! Owns the pages of a Parquet column with the CRC of each (parquet.thrift, `PageHeader.crc`), which the library checks when it
//! reads, but does not write.
//! Must not know what the pages hold.

use parquet::column::page::{CompressedPage, PageWriteSpec, PageWriter};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};

/// A field of type i32 whose number is one more than that of the field before, in the compact protocol of Thrift.
const NEXT_I32: u8 = 0x15;

/// The fields before the CRC: type, unpacked size, packed size.
const BEFORE: usize = 3;

/// Collects the pages of a column.
pub struct CheckedPages<'p> {
    /// The pages, in order.
    pub out: &'p mut Vec<u8>,
}

impl PageWriter for CheckedPages<'_> {
    fn write_page(&mut self, page: CompressedPage) -> Result<PageWriteSpec> {
        let (length, start) = (page.data().len(), self.out.len());
        let mut sink = TrackedWrite::new(Vec::with_capacity(length + 64));
        let mut spec = SerializedPageWriter::new(&mut sink).write_page(page)?;
        let written = sink.into_inner()?;
        let (header, data) = written.split_at(written.len() - length);
        let header = with_crc(header, crc32fast::hash(data))
            .ok_or_else(|| ParquetError::General("the header of a page has another form".to_owned()))?;
        let grown = header.len() + length - written.len();
        self.out.extend_from_slice(&header);
        self.out.extend_from_slice(data);
        spec.offset = start as u64;
        spec.uncompressed_size += grown;
        spec.compressed_size += grown;
        spec.bytes_written += grown as u64;
        Ok(spec)
    }

    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The header of a page with its CRC; none if it does not begin with the three required fields.
fn with_crc(header: &[u8], crc: u32) -> Option<Vec<u8>> {
    let mut end = 0;
    for _ in 0..BEFORE {
        (header.get(end) == Some(&NEXT_I32)).then_some(())?;
        end += 2 + header.get(end + 1..)?.iter().position(|byte| byte & 0x80 == 0)?;
    }
    // The number of the next field counts from that of the CRC, which is one more.
    let next = header.get(end)?.checked_sub(0x10).filter(|next| next >> 4 > 0)?;
    let mut with = [&header[..end], &[NEXT_I32]].concat();
    let signed = crc.cast_signed();
    let mut zigzag = ((signed << 1) ^ (signed >> 31)).cast_unsigned();
    while zigzag >= 0x80 {
        with.push((zigzag & 0x7f) as u8 | 0x80);
        zigzag >>= 7;
    }
    with.push(zigzag as u8);
    with.push(next);
    with.extend_from_slice(&header[end + 1..]);
    Some(with)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_stands_between_the_sizes_and_the_header_of_the_kind() {
        // A data page of 300 and 2 bytes, whose header of the kind (field 5) is empty.
        let header = [0x15, 0x00, 0x15, 0xd8, 0x04, 0x15, 0x04, 0x2c, 0x00, 0x00];
        let with = with_crc(&header, 1).expect("it is a header");
        assert_eq!(with, [0x15, 0x00, 0x15, 0xd8, 0x04, 0x15, 0x04, 0x15, 0x02, 0x1c, 0x00, 0x00]);
        let with = with_crc(&header, u32::MAX).expect("it is a header");
        assert_eq!(with[7..9], [0x15, 0x01], "minus one");
        let with = with_crc(&header, 0x8000_0000).expect("it is a header");
        assert_eq!(with[7..13], [0x15, 0xff, 0xff, 0xff, 0xff, 0x0f], "the least number");
        assert_eq!(with_crc(&header[..5], 1), None);
        assert_eq!(with_crc(&[0x19, 0x00], 1), None);
    }
}
