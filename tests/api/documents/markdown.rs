//! Owns the parsing of Markdown: the fenced blocks of commands, and the steps of each.
//! Must not know how a command is run.

use std::fs;
use std::path::Path;

/// Languages of fenced blocks that hold no commands.
const OTHER_LANGUAGES: [&str; 8] = ["json", "promql", "python", "rust", "sql", "text", "toml", "yaml"];

/// The kind of a block of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `console`: lines that begin with `$ ` are commands, the others are their output.
    Session,
    /// `sh`: one script; each of its commands must succeed.
    Script,
}

/// A fenced block of commands.
#[derive(Debug)]
pub struct Block {
    /// The document and the line on which the block starts.
    pub place: String,
    /// The kind of the block.
    pub kind: Kind,
    /// The reason after `norun:`, if no test can run it.
    pub not_run: Option<String>,
    /// The text between the fences.
    pub text: String,
}

/// A command and its documented output.
pub struct Step {
    /// The command, of one line or more.
    pub command: String,
    /// The lines that the document shows.
    pub printed: Vec<String>,
}

impl Block {
    /// The steps of the block, in order.
    pub fn steps(&self) -> Vec<Step> {
        if self.kind == Kind::Script {
            return vec![Step { command: self.text.clone(), printed: Vec::new() }];
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut continued = false;
        for line in self.text.lines() {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), printed: Vec::new() }),
                (None, Some(step)) if continued => step.command.push_str(&format!("\n{line}")),
                (None, Some(step)) => step.printed.push(line.to_owned()),
                (None, None) => panic!("{} starts with `{line}`, which is no command", self.place),
            }
            continued = line.ends_with('\\');
        }
        assert!(!steps.is_empty(), "{} has no command", self.place);
        steps
    }
}

/// The blocks of commands in a document.
pub fn blocks(path: &Path) -> Vec<Block> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    parse(&path.display().to_string(), &text)
}

/// The blocks of commands in a text. Every fenced block must name a known language, so that no block is skipped by mistake.
pub fn parse(document: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else { continue };
        let place = format!("{document}:{}", number + 1);
        let body: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim_start() != "```").collect();
        let (language, rest) = info.split_once(' ').unwrap_or((info, ""));
        let kind = match language {
            "console" => Kind::Session,
            "sh" => Kind::Script,
            other => {
                assert!(OTHER_LANGUAGES.contains(&other), "{place} has the language `{other}`, which no test knows");
                continue;
            }
        };
        let not_run = rest.strip_prefix("norun:").map(|reason| reason.trim().to_owned());
        assert!(rest.is_empty() || not_run.is_some(), "{place} has `{rest}` after its language");
        blocks.push(Block { place, kind, not_run, text: body.join("\n") });
    }
    blocks
}
