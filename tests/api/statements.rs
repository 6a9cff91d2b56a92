//! No value of a request, a file, a manifest or a recipe gets into the text of an SQL statement: Postgres logs every
//! statement, and the values are among the parameters only.

use std::fmt::Write;
use std::fs;

use reperes::datasets::{REGISTRY, collections};
use reperes::query::{Context, Dataset, Field, Format, Kind};

use crate::harness::four_releases::{part, published};
use crate::harness::{SOURCES, TestServer, bundle, cluster_log, get, migrated, owner, publish, root_directory, with_database};

/// A value that would end a string, an identifier or a statement. It contains a word that the test searches for in the log.
/// Each test has its own word, since all tests write to one log.
fn value(word: &str) -> String {
    format!("{word}'\"$$;--\\")
}

/// The code of the existing rows.
const KNOWN: &str = "stays";

const HEAD: &str = "title = MARKER\ndescription = MARKER\npublisher = MARKER\nlicence = \"etalab-2.0\"\nnotes = MARKER\n";

/// The log of Postgres from the start of the test, and the word to search for.
struct Log {
    start: u64,
    word: &'static str,
}

impl Log {
    fn start(word: &'static str) -> Self {
        Self { start: fs::metadata(cluster_log()).expect("there is a log").len(), word }
    }

    /// The entries since the start, each with its continuation lines.
    fn entries(&self) -> Vec<String> {
        let bytes = fs::read(cluster_log()).expect("the log can be read");
        let text = String::from_utf8_lossy(&bytes[usize::try_from(self.start).expect("a size")..]).into_owned();
        let mut entries: Vec<String> = Vec::new();
        for line in text.lines() {
            match entries.last_mut().filter(|_| line.starts_with('\t')) {
                Some(entry) => entry.push_str(line),
                None => entries.push(line.to_owned()),
            }
        }
        entries
    }

    /// The statements whose text contains the word.
    fn statements(&self) -> Vec<String> {
        let prefixes = ["LOG:  statement: ", "LOG:  execute ", "LOG:  duration", "STATEMENT:  "];
        let statement =
            |entry: &String| prefixes.iter().any(|prefix| entry.contains(prefix)) && entry.to_lowercase().contains(self.word);
        self.entries().into_iter().filter(statement).collect()
    }

    /// The number of statements that have the word among their parameters.
    fn bound(&self) -> usize {
        let parameters = |entry: &&String| entry.contains("DETAIL:  parameters: ") && entry.contains(self.word);
        self.entries().iter().filter(parameters).count()
    }
}

/// The URL of a database with the option to log every statement.
fn logged(url: &str) -> String {
    format!("{}?options=-c%20log_statement%3Dall", owner(url))
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

/// A file of one row: `code` is its code, `named` the value of each reference to another row, `text` that of each free text.
fn row(dataset: &'static Dataset, code: &str, named: &str, text: &str) -> String {
    let fields: Vec<&Field> = dataset.columns().filter(|field| !field.is_computed()).collect();
    let cell = |field: &&Field| match (field.name, field.kind) {
        ("breakdown_code", _) if code == KNOWN => part(KNOWN),
        ("breakdown_code", _) => code.to_owned(),
        (_, Kind::Code) if field.format == Some(Format::Breakdown) => part(KNOWN),
        (_, Kind::Code) => code.to_owned(),
        (_, Kind::Reference(_) | Kind::References(_)) if !field.required && named == KNOWN => String::new(),
        (_, Kind::Reference(_) | Kind::References(_)) => named.to_owned(),
        (_, Kind::Choice(choices) | Kind::ChoiceList(choices)) => choices[0].value.to_owned(),
        // A SIREN and the like never get as far as a statement.
        _ if field.format.is_some() && !field.required => String::new(),
        (_, Kind::Text | Kind::TextList) => text.to_owned(),
        _ if !field.required => String::new(),
        (_, Kind::Integer { minimum, .. }) => minimum.to_string(),
        (_, Kind::Boolean) => "true".to_owned(),
        (_, Kind::Decimal) => "1".to_owned(),
        (_, Kind::Date) => "2020-01-01".to_owned(),
        (_, Kind::Period) => "2020".to_owned(),
        _ => text.to_owned(),
    };
    let quoted = |text: String| format!("\"{}\"", text.replace('"', "\"\""));
    let header: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let cells: Vec<String> = fields.iter().map(cell).map(quoted).collect();
    format!("{}\n{}\n", header.join(","), cells.join(","))
}

/// A folder with files and a manifest, in which the value replaces MARKER.
fn folder(word: &str, name: &str, manifest: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
    let folder = root_directory().join(format!("{word}-{name}"));
    fs::create_dir_all(&folder).expect("a folder can be made");
    let marker = format!("{:?}", value(word));
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file can be written");
    }
    fs::write(folder.join("manifest.toml"), format!("{HEAD}{manifest}").replace("MARKER", &marker)).expect("a manifest");
    folder
}

#[test]
fn no_value_of_a_request_gets_into_the_text_of_a_statement() {
    let url = migrated();
    let word = "zqdemande";
    let marked = value(word);
    let texts: Vec<(&str, String)> = published().map(|dataset| (dataset.name, row(dataset, KNOWN, KNOWN, &marked))).collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    publish(&url, &bundle(&files)).expect("the rows are right");
    let (server, log, value) = (TestServer::on(&logged(&url)), Log::start(word), encoded(&marked));
    for dataset in collections() {
        for parameter in Context::of(REGISTRY, dataset).parameters() {
            get(server.address, &format!("/v1/{}?{}={value}", dataset.name, parameter.name()));
        }
        for target in [value.clone(), format!("{value}/history"), format!("{value}/observations"), format!("{value}/members")] {
            get(server.address, &format!("/v1/{}/{target}", dataset.name));
        }
        get(server.address, &format!("/v1/{}?q={value}&format=csv", dataset.name));
    }
    assert_eq!(log.statements(), Vec::<String>::new());
    assert!(log.bound() > 100, "{} statements have it as a parameter", log.bound());
}

#[test]
fn no_value_of_a_publication_gets_into_the_text_of_a_statement() {
    let url = migrated();
    let word = "zqfichier";
    let (service, log, marked) = (logged(&url), Log::start(word), value(word));
    let whole: Vec<(String, String)> =
        published().map(|dataset| (dataset.name.to_owned(), row(dataset, KNOWN, KNOWN, &marked))).collect();
    let manifest: String =
        whole.iter().map(|(name, _)| format!("[[file]]\npath = \"{name}.csv\"\ndataset = \"{name}\"\n")).collect();
    let files: Vec<(String, &str)> = whole.iter().map(|(name, text)| (format!("{name}.csv"), text.as_str())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    publish(&service, &folder(word, "whole", &manifest, &files)).expect("the rows are right");

    // These rows are refused: for their codes, and for references to unknown rows.
    for dataset in published() {
        for (name, code, named) in [("codes", marked.as_str(), KNOWN), ("names", KNOWN, &marked)] {
            let text = row(dataset, code, named, &marked);
            let manifest = format!("[[file]]\npath = \"f.csv\"\ndataset = \"{}\"\n", dataset.name);
            _ = publish(&service, &folder(word, &format!("{}-{name}", dataset.name), &manifest, &[("f.csv", &text)]));
        }
        // The scope of a file, and withdrawals.
        let scopes = dataset.columns().filter(|field| matches!(field.kind, Kind::Text | Kind::Code | Kind::Reference(_)));
        for field in scopes {
            let manifest = format!(
                "[[file]]\npath = \"f.csv\"\ndataset = \"{}\"\nmode = \"replace\"\nscope = {{ {} = MARKER }}\n",
                dataset.name, field.name
            );
            let text = row(dataset, KNOWN, KNOWN, &marked);
            _ = publish(&service, &folder(word, &format!("{}-{}", dataset.name, field.name), &manifest, &[("f.csv", &text)]));
        }
        let codes = ["MARKER", "\"stays\""].map(|code| {
            format!("[[withdraw]]\ndataset = \"{}\"\nreason = MARKER\ncodes = [{code}]\nsuccessor = MARKER\n", dataset.name)
        });
        for (at, manifest) in codes.iter().enumerate() {
            _ = publish(&service, &folder(word, &format!("{}-withdraw-{at}", dataset.name), manifest, &[]));
        }
    }
    assert_eq!(log.statements(), Vec::<String>::new());
    assert!(log.bound() > 30, "{} statements have it as a parameter", log.bound());
}

#[test]
fn no_value_of_a_recipe_gets_into_the_text_of_a_statement() {
    let url = migrated();
    let territories = "code,kind,name,geography_year,source_code\nDEP-01,departement,Ain,2026,essai\n";
    let indicators = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n\
        taux,Taux,Taux,percent,1,none,none,down,essai\n";
    let known = bundle(&[("sources", SOURCES), ("territories", territories), ("indicators", indicators)]);
    publish(&url, &known).expect("the rows are right");
    let word = "zqrecette";
    let (service, log, marked) = (logged(&url), Log::start(word), value(word));
    let recipe = "title = MARKER\ndescription = MARKER\npublisher = MARKER\nlicence = \"etalab-2.0\"\n\
        [[table]]\ndataset = \"observations\"\nunit_code = MARKER\n[table.fields]\nindicator_code = { constant = \"taux\" }\n\
        territory_code = { column = \"code\" }\nperiod = { constant = \"2020\" }\nbreakdown_code = { constant = \"_T\" }\n\
        nature = { constant = \"observed\" }\nvalue = { column = \"valeur\" }\nqualifier = { constant = \"exact\" }\n\
        statuses = { constant = \"A\" }\ngeography_year = { constant = \"2026\" }\nsource_code = { constant = \"essai\" }\n\
        note = { constant = MARKER }\n"
        .replace("MARKER", &format!("{marked:?}"));
    let files = [("r.toml", recipe.as_str()), ("f.csv", "code;valeur\nDEP-01;1\n")];
    let refused = publish(&service, &folder(word, "recipe", "[[file]]\npath = \"f.csv\"\nrecipe = \"r.toml\"\n", &files));
    let why = refused.expect_err("the unit is another").to_string();
    assert!(why.contains(&format!("the recipe reads figures in {marked}, and taux is counted in percent")), "{why}");
    assert_eq!(log.statements(), Vec::<String>::new());
    assert_eq!(log.bound(), 2, "the unit, and the line of the audit");
}

#[test]
fn the_check_finds_a_value_in_the_text_of_a_statement() {
    let word = "zqtemoin";
    let (service, log) = (logged(&migrated()), Log::start(word));
    with_database(&service, async |client| {
        client.batch_execute("SELECT 'ZQtemoin'\n, 1").await.expect("a statement");
        client.query("SELECT\n'zqtemoin'::text", &[]).await.expect("a statement");
        client.query("SELECT $1::text", &[&word]).await.expect("a statement");
    });
    assert_eq!((log.statements().len(), log.bound()), (2, 1));
}
