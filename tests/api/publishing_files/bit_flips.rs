//! Damage within Parquet files of this program: of files in which one bit is another, none is read as if it were whole.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use reperes::datasets::REGISTRY;
use reperes::publish::{FileTree, dry_read};

use super::{HEAD, manifest_of};
use crate::harness::four_releases::four_releases;
use crate::harness::{bundled, get, scratch};

/// The flips of each file; three files make 1,500.
const FLIPS: usize = 500;

/// A pseudo-random generator (xorshift) with a fixed sequence, so that failures are reproducible.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).expect("64 bits") % limit
    }
}

/// The files, each with its dataset.
fn files() -> [(&'static str, Vec<u8>); 3] {
    let small = four_releases().server.address;
    let read = |address, target: &str| {
        let reply = get(address, target);
        assert!(reply.status == 200 && reply.whole, "{target}");
        reply.body
    };
    [
        ("observations", read(small, "/v1/observations?format=parquet")),
        ("territories", read(bundled(), "/v1/territories?format=parquet&kind=epci")),
        ("events", read(bundled(), "/v1/events?format=parquet")),
    ]
}

/// A folder in which one file after another is read.
struct Reader {
    folder: std::path::PathBuf,
}

impl Reader {
    fn new(dataset: &str) -> Self {
        let folder = scratch("bit-flips");
        fs::create_dir_all(&folder).expect("a folder can be made");
        let manifest = format!("{HEAD}{}dialect.format = \"parquet\"\n", manifest_of(dataset, "fichier"));
        fs::write(folder.join("manifest.toml"), manifest).expect("a file can be written");
        Self { folder }
    }

    /// Reads the file. Returns the number of faults, or why it cannot be read.
    fn read(&self, bytes: &[u8]) -> Result<usize, String> {
        fs::write(self.folder.join("fichier"), bytes).expect("a file can be written");
        dry_read(REGISTRY, &self.folder, &FileTree::Folder(Path::new("data/recipes").into()))
            .map_err(|error| format!("{error:?}"))
    }

    /// Whether the file is read without any fault.
    fn accepts(&self, bytes: &[u8]) -> bool {
        self.read(bytes) == Ok(0)
    }
}

fn metadata(file: &[u8]) -> ParquetMetaData {
    ParquetMetaDataReader::new().parse_and_finish(&Bytes::copy_from_slice(file)).expect("the file has a footer")
}

#[test]
fn none_of_1500_flipped_bits_passes() {
    let mut random = Random(0x5eed_0000_0015);
    for (dataset, whole) in files() {
        let reader = Reader::new(dataset);
        assert_eq!(reader.read(&whole), Ok(0), "{dataset}: the file as it was written");
        let passed: Vec<(usize, usize)> = (0..FLIPS)
            .map(|_| (random.below(whole.len()), random.below(8)))
            .filter(|(at, bit)| {
                let mut bytes = whole.clone();
                bytes[*at] ^= 1 << bit;
                reader.accepts(&bytes)
            })
            .collect();
        assert!(passed.is_empty(), "{dataset}: of {} bytes, these are read as if nothing had changed: {passed:?}", whole.len());
    }
}

#[test]
fn every_bit_of_the_footer_counts() {
    let [(dataset, whole), ..] = files();
    let reader = Reader::new(dataset);
    let length = u32::from_le_bytes(whole[whole.len() - 8..whole.len() - 4].try_into().expect("four bytes"));
    assert_eq!(reader.read(&whole), Ok(0));
    let start = whole.len() - 8 - usize::try_from(length).expect("small");
    for at in start..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(!reader.accepts(&bytes), "byte {at} of {}", whole.len());
    }
}

/// Other programs know only the CRCs of the pages: they find damage in them without the checksum of this program.
#[test]
fn the_pages_have_crcs_of_their_own() {
    let mut columns = 0;
    for (dataset, whole) in files() {
        let reader = Reader::new(dataset);
        let mut foreign = whole.clone();
        let start = metadata(&whole)
            .row_groups()
            .iter()
            .flat_map(|group| group.columns())
            .map(|c| c.byte_range())
            .map(|(at, length)| at + length)
            .max();
        let start = usize::try_from(start.expect("there are columns")).expect("small");
        while let Some(at) = foreign[start..].windows(7).position(|window| window == b"reperes") {
            foreign[start + at..start + at + 7].copy_from_slice(b"another");
        }
        assert_eq!(reader.read(&foreign), Ok(0), "{dataset}: a file of another program needs no checksum");
        for column in metadata(&whole).row_groups().iter().flat_map(|group| group.columns()) {
            // The last byte of a column is of its last page, after the header of that.
            let (at, length) = column.byte_range();
            let last = usize::try_from(at + length - 1).expect("small");
            let mut bytes = foreign.clone();
            bytes[last] ^= 1;
            assert!(!reader.accepts(&bytes), "{dataset}: {}", column.column_path());
            columns += 1;
        }
    }
    assert!(columns > 30, "{columns}");
}
