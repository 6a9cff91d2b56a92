//! Owns bundles made of CSV texts, for tests that publish rows of their own.
//! Must not know what the rows mean.

use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::scratch::scratch;

/// The source `essai`, which any row of a test may name.
pub const SOURCES: &str = "code,kind,title,publisher,licence\nessai,document,Essai,Repères,etalab-2.0\n";

/// Makes a bundle of one file for each pair of a dataset and the text of its CSV. Returns its folder.
pub fn bundle(files: &[(&str, &str)]) -> PathBuf {
    let folder = scratch("bundle");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let mut manifest =
        "title = \"Essai\"\ndescription = \"Essai\"\npublisher = \"Repères\"\nlicence = \"etalab-2.0\"\n".to_owned();
    for (dataset, text) in files {
        fs::write(folder.join(format!("{dataset}.csv")), text).expect("a file can be written");
        let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let rows = text.lines().count() - 1;
        manifest.push_str(&format!(
            "[[file]]\npath = \"{dataset}.csv\"\ndataset = \"{dataset}\"\nrows = {rows}\nsha256 = \"{digest}\"\n"
        ));
    }
    fs::write(folder.join("manifest.toml"), manifest).expect("a file can be written");
    folder
}

/// The CSV of communes, each given by its code, name and population.
pub fn territories(rows: &[(&str, &str, &str)]) -> String {
    let lines: String =
        rows.iter().map(|(code, name, population)| format!("{code},commune,\"{name}\",{population},2026,essai\n")).collect();
    format!("code,kind,name,population,geography_year,source_code\n{lines}")
}
