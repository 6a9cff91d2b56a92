//! Owns the arguments of the commands `publish` and `withdraw`: their names, their help, their forms.
//! Must not know what is done with them.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, ValueEnum};

use crate::cli::exit_status::ExitStatus;
use crate::publish::MergeMode;

/// The arguments of `publish`.
#[derive(Args)]
#[command(after_help = ExitStatus::help())]
pub struct PublishArgs {
    /// A file, or a folder with a manifest.toml
    pub path: PathBuf,
    #[command(flatten)]
    pub file: FileArgs,
    /// Warn about figures that change by more than this share: 0.5 is half [default: 0.5]
    #[arg(long, value_name = "SHARE")]
    pub warn_above: Option<f64>,
    /// Print how the recipe reads the first rows of each table, cell by cell, and publish nothing [default: 3 rows]
    #[arg(long, value_name = "ROWS", num_args = 0..=1, default_missing_value = "3")]
    pub explain: Option<usize>,
    #[command(flatten)]
    pub release: ReleaseArgs,
}

/// The arguments that describe one file. A folder has them in its manifest.
#[derive(Args)]
pub struct FileArgs {
    /// The dataset of a file whose headers are names of fields
    #[arg(long, value_name = "NAME", conflicts_with = "recipe")]
    pub dataset: Option<String>,
    /// The recipe that reads the file: a name, or a path ending in .toml
    #[arg(long)]
    pub recipe: Option<String>,
    /// The second file, if the recipe needs one
    #[arg(long, value_name = "FILE")]
    pub companion: Option<String>,
    /// `merge` adds and changes rows; `replace` also withdraws the rows in --scope that the file does not have
    #[arg(long, value_enum)]
    pub mode: Option<ModeArg>,
    /// The rows that a file in mode `replace` stands for; may be repeated
    #[arg(long, value_name = "FIELD=VALUE", value_parser = pair)]
    pub scope: Vec<(String, String)>,
    /// The required sum of a column; may be repeated
    #[arg(long, value_name = "FIELD=NUMBER", value_parser = pair)]
    pub total: Vec<(String, String)>,
    /// The value of a field that the file does not have; may be repeated
    #[arg(long, value_name = "FIELD=VALUE", value_parser = pair)]
    pub constant: Vec<(String, String)>,
    /// The required number of rows
    #[arg(long, value_name = "NUMBER")]
    pub rows: Option<u64>,
    /// csv, xlsx, ods, ndjson, json, geojson, parquet or sdmx-csv [default: detected]
    #[arg(long)]
    pub format: Option<String>,
    /// utf-8, windows-1252, utf-16le … [default: detected]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// The character between cells, or `tab` [default: detected]
    #[arg(long, value_name = "CHARACTER", value_parser = character)]
    pub delimiter: Option<char>,
    /// The character around cells [default: "]
    #[arg(long, value_name = "CHARACTER", value_parser = character)]
    pub quote: Option<char>,
}

/// The arguments that describe a release, and how it is made.
#[derive(Args)]
pub struct ReleaseArgs {
    /// Title of the release, in French
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Notes for the readers, in French
    #[arg(long, value_name = "TEXT")]
    pub notes: Option<String>,
    /// Name of the publisher
    #[arg(long, value_name = "NAME")]
    pub publisher: Option<String>,
    /// Licence of the data
    #[arg(long, value_name = "NAME")]
    pub licence: Option<String>,
    /// Run all checks and report the changes, but publish nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Fail if another publication is in progress, instead of waiting for it
    #[arg(long)]
    pub no_wait: bool,
}

/// The arguments of `withdraw`.
#[derive(Args)]
#[command(after_help = ExitStatus::help())]
pub struct WithdrawArgs {
    /// The dataset
    pub dataset: String,
    /// The codes of the rows
    #[arg(value_name = "CODE", required = true)]
    pub codes: Vec<String>,
    /// The reason, in French; it is part of the answers
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The code of the row that replaces them
    #[arg(long, value_name = "CODE")]
    pub successor: Option<String>,
    #[command(flatten)]
    pub release: ReleaseArgs,
}

/// What a file does to the rows that it does not have.
#[derive(Clone, Copy, ValueEnum)]
pub enum ModeArg {
    Merge,
    Replace,
}

impl From<ModeArg> for MergeMode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Merge => MergeMode::Merge,
            ModeArg::Replace => MergeMode::Replace,
        }
    }
}

impl PublishArgs {
    /// Checks that each argument has an effect: a folder takes none of [`FileArgs`], and a field has one total and one
    /// constant.
    ///
    /// # Errors
    /// Returns a message about the first argument that has no effect.
    pub fn check(&self, matches: &ArgMatches) -> Result<(), String> {
        let of_file = matches.get_many::<clap::Id>("FileArgs").into_iter().flatten().next();
        if let Some(name) = of_file.filter(|_| Path::new(&self.path).is_dir()) {
            return Err(format!("`--{name}` is for a single file; a folder has this setting in its manifest.toml"));
        }
        for (name, pairs) in [("total", &self.file.total), ("constant", &self.file.constant)] {
            let repeated = pairs.iter().enumerate().find(|(at, (field, _))| pairs[..*at].iter().any(|(other, _)| other == field));
            if let Some((_, (field, _))) = repeated {
                return Err(format!("`--{name}` is given twice for `{field}`"));
            }
        }
        Ok(())
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(field, _)| !field.is_empty());
    pair.map(|(field, value)| (field.to_owned(), value.to_owned())).ok_or_else(|| "expected FIELD=VALUE".to_owned())
}

fn character(text: &str) -> Result<char, String> {
    match (text, text.parse()) {
        ("tab", _) => Ok('\t'),
        (_, Ok(character)) => Ok(character),
        _ => Err("expected one character, or `tab`".to_owned()),
    }
}
