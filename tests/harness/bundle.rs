//! Owns bundles made of CSV texts, for tests that publish rows of their own.
//! Must not know what the rows mean.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::scratch::scratch;

/// The source `essai`, which any row of a test may name.
pub const SOURCES: &str = "code,kind,title,publisher,licence\nessai,document,Essai,Repères,etalab-2.0\n";

/// The units that any indicator of a test may have: those of the bundled data, and some more.
pub fn units() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let more = ["aide", "habitant", "point"];
        let line = |code: &str| format!("{code},{code},{code}s,essai\n");
        let lines: String = bundled_codes("units").chain(more.map(str::to_owned)).map(|code| line(&code)).collect();
        format!("code,title,title_plural,source_code\n{lines}")
    });
    &TEXT
}

/// The breakdowns that any observation of a test may have: those of the bundled data, and some more.
pub fn breakdowns() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let more = ["age.18-24", "age.18-24:sexe.f", "sexe.f", "sexe.h"];
        let lines: String =
            bundled_codes("breakdowns").chain(more.map(str::to_owned)).map(|code| format!("{code},{code},essai\n")).collect();
        format!("code,title,source_code\n{lines}")
    });
    &TEXT
}

/// The codes of a bundled file whose first column is the code.
fn bundled_codes(dataset: &str) -> impl Iterator<Item = String> {
    let path = format!("data/02-strategy/{dataset}.csv");
    let mut reader = csv::Reader::from_path(path).expect("the bundled file can be read");
    let codes: Vec<String> = reader.records().map(|record| record.expect("a line")[0].to_owned()).collect();
    codes.into_iter()
}

/// Makes a bundle of one file for each pair of a dataset and the text of its CSV. Returns its folder.
///
/// A bundle of sources and indicators has the units and breakdowns of tests too, unless it names its own.
pub fn bundle(files: &[(&str, &str)]) -> PathBuf {
    let has = |dataset: &str| files.iter().any(|(name, _)| *name == dataset);
    let implied = [("units", units()), ("breakdowns", breakdowns())];
    let implied = implied.into_iter().filter(|(name, _)| has("sources") && has("indicators") && !has(name));
    let files: Vec<(&str, &str)> = files.iter().copied().chain(implied).collect();
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
