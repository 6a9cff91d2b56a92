//! Owns the unpacking of Parquet pages within limits. The library would allocate what a page header states and unpack
//! gzip to its end.
//! Must not know the meaning of the values.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::SerializedPageReader;

/// The most unpacked bytes in the pages of a row group, all columns together: twice what writers aim for.
pub const GROUP_BYTES: usize = 256 << 20;

/// The most values of one column in the pages of one batch.
const BATCH_VALUES: usize = 4 << 20;

/// The memory of a dictionary entry, beside its bytes.
const ENTRY_BYTES: usize = 32;

/// The memory that a row group has used. Clones share it.
#[derive(Clone, Default)]
pub struct Budget {
    bytes: Arc<AtomicUsize>,
    values: Arc<AtomicUsize>,
}

impl Budget {
    /// Starts a batch of one column.
    pub fn begin_batch(&self) {
        self.values.store(0, Ordering::Relaxed);
    }

    /// The bytes that are left.
    fn left(&self) -> usize {
        GROUP_BYTES.saturating_sub(self.bytes.load(Ordering::Relaxed))
    }

    fn take(&self, bytes: usize) -> Result<()> {
        let taken = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if taken > GROUP_BYTES { Err(too_large()) } else { Ok(()) }
    }

    fn count(&self, values: u32) -> Result<()> {
        let values = usize::try_from(values).unwrap_or(usize::MAX);
        let counted = self.values.fetch_add(values, Ordering::Relaxed).saturating_add(values);
        if counted > BATCH_VALUES {
            return Err(ParquetError::General(format!("a page, or a list, has more than {BATCH_VALUES} values")));
        }
        Ok(())
    }
}

fn too_large() -> ParquetError {
    let limit = GROUP_BYTES >> 20;
    ParquetError::General(format!("a row group unpacks to more than {limit} MiB; write the file with smaller row groups"))
}

/// Whether a codec is supported.
pub fn is_readable(codec: Compression) -> bool {
    matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::GZIP(_) | Compression::ZSTD(_))
}

/// The pages of one column of one row group.
pub struct Pages {
    packed: SerializedPageReader<File>,
    codec: Compression,
    budget: Budget,
}

impl Pages {
    /// Opens the pages of a column chunk.
    ///
    /// # Errors
    /// Returns an error of the library.
    pub fn new(file: &Arc<File>, chunk: &ColumnChunkMetaData, rows: usize, budget: &Budget) -> Result<Self> {
        let codec = chunk.compression();
        let as_it_is = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let packed = SerializedPageReader::new(Arc::clone(file), &as_it_is, rows, None)?;
        Ok(Self { packed, codec, budget: budget.clone() })
    }

    fn unpacked(&self, page: Page) -> Result<Page> {
        check(page.encoding())?;
        self.budget.count(page.num_values())?;
        Ok(match page {
            Page::DictionaryPage { buf, num_values, encoding, is_sorted } => {
                let buf = self.unpack(buf)?;
                // Every entry has at least one byte, and the library allocates all of them at once.
                let entries = usize::try_from(num_values).unwrap_or(usize::MAX);
                if entries > buf.len() {
                    return Err(ParquetError::General("a dictionary announces more entries than it has".to_owned()));
                }
                self.budget.take(entries.saturating_mul(ENTRY_BYTES))?;
                Page::DictionaryPage { buf, num_values, encoding, is_sorted }
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics } => {
                let buf = self.unpack(buf)?;
                Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics }
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                num_nulls,
                num_rows,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                statistics,
            } => {
                let levels = usize::try_from(u64::from(def_levels_byte_len) + u64::from(rep_levels_byte_len));
                let levels = levels.ok().filter(|levels| *levels <= buf.len());
                let levels = levels.ok_or_else(|| ParquetError::General("a page ends within its levels".to_owned()))?;
                let buf = if is_compressed {
                    let values = self.unpack(buf.slice(levels..))?;
                    [&buf[..levels], &values].concat().into()
                } else {
                    buf
                };
                Page::DataPageV2 {
                    buf,
                    num_values,
                    encoding,
                    num_nulls,
                    num_rows,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    is_compressed: false,
                    statistics,
                }
            }
        })
    }

    /// Unpacks a page up to the limit. A page without values can be empty.
    fn unpack(&self, packed: Bytes) -> Result<Bytes> {
        let most = self.budget.left();
        let read = |from: &mut dyn Read| {
            let mut unpacked = Vec::new();
            let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
            from.take(limit).read_to_end(&mut unpacked).map_err(ParquetError::from)?;
            Ok::<_, ParquetError>(Bytes::from(unpacked))
        };
        let unpacked = match self.codec {
            _ if packed.is_empty() => packed,
            Compression::SNAPPY => {
                let length = snap::raw::decompress_len(&packed).map_err(|error| ParquetError::External(error.into()))?;
                if length > most {
                    return Err(too_large());
                }
                snap::raw::Decoder::new().decompress_vec(&packed).map_err(|error| ParquetError::External(error.into()))?.into()
            }
            Compression::GZIP(_) => read(&mut flate2::read::MultiGzDecoder::new(&packed[..]))?,
            Compression::ZSTD(_) => read(&mut zstd::stream::read::Decoder::with_buffer(&packed[..])?)?,
            _ => packed,
        };
        self.budget.take(unpacked.len())?;
        Ok(unpacked)
    }
}

/// Rejects encodings in which few bytes stand for many values, since readers allocate all of them at once.
fn check(encoding: Encoding) -> Result<()> {
    match encoding {
        Encoding::PLAIN | Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY | Encoding::RLE => Ok(()),
        other => Err(ParquetError::General(format!("the encoding {other} is not read; PLAIN and RLE_DICTIONARY are"))),
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.packed.get_next_page()?.map(|page| self.unpacked(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.packed.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.packed.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.packed.at_record_boundary()
    }
}
