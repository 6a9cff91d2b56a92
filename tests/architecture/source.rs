//! Owns the reading of source files: which paths a file names, which texts it holds, which types it defines.
//! Must not know what is allowed.

use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, UseTree};

/// One source file.
pub struct Source {
    /// Its path below the repository, such as `src/db/mod.rs`.
    pub path: String,
    /// Its module, such as `["db", "sql"]`; empty for the root.
    pub module: Vec<String>,
    /// The paths that it names, from the root of the crate (`["crate", "db", "Pool"]`) or of another one (`["std", "fs"]`).
    pub paths: Vec<Vec<String>>,
    /// What it exports again: the path and the name under which it does.
    pub exports: Vec<(Vec<String>, String)>,
    /// The text of its string literals, without those of attributes and documentation.
    pub texts: Vec<String>,
    /// The names of the types that it defines.
    pub types: Vec<String>,
    /// Whether it opens with module documentation.
    pub is_documented: bool,
    /// Its number of lines.
    pub lines: usize,
}

impl Source {
    /// Reads the text of a file. Unit tests within it are left out: they may use what they like.
    pub fn parse(path: &str, text: &str) -> Self {
        let mut reader = Reader {
            source: Self {
                path: path.to_owned(),
                module: module(path),
                paths: Vec::new(),
                exports: Vec::new(),
                texts: Vec::new(),
                types: Vec::new(),
                is_documented: text.starts_with("//! "),
                lines: text.lines().count(),
            },
        };
        reader.visit_file(&syn::parse_file(text).unwrap_or_else(|error| panic!("{path} cannot be parsed: {error}")));
        reader.source
    }

    /// The first part of its module: the room that it stands in.
    pub fn room(&self) -> &str {
        match self.path.as_str() {
            "src/main.rs" => "main",
            "src/lib.rs" => "lib",
            _ => self.module.first().map_or("", String::as_str),
        }
    }
}

/// Every source file below a folder.
pub fn all(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(Path::new(folder), &mut files);
    files.sort();
    files.iter().map(|path| Source::parse(path, &fs::read_to_string(path).expect("a file can be read"))).collect()
}

fn collect(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path.display().to_string());
        }
    }
}

fn module(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

struct Reader {
    source: Source,
}

impl Reader {
    /// Resolves `self` and `super` at the start of a path.
    fn resolve(&self, parts: Vec<String>) -> Vec<String> {
        let mut base = self.source.module.clone();
        let mut rest = parts.as_slice();
        match rest.first().map(String::as_str) {
            Some("self") => rest = &rest[1..],
            Some("super") => {}
            _ => return parts,
        }
        while rest.first().is_some_and(|part| part == "super") {
            base.pop();
            rest = &rest[1..];
        }
        [vec!["crate".to_owned()], base, rest.to_vec()].concat()
    }

    fn add(&mut self, parts: Vec<String>) {
        if parts.len() > 1 {
            let path = self.resolve(parts);
            self.source.paths.push(path);
        }
    }

    fn use_tree(&mut self, before: &[String], tree: &UseTree, exported: bool) {
        let with = |name: &dyn ToString| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.use_tree(&with(&path.ident), &path.tree, exported),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(before, tree, exported)),
            UseTree::Name(name) if name.ident == "self" => self.used(before.to_vec(), before.last().cloned(), exported),
            UseTree::Name(name) => self.used(with(&name.ident), Some(name.ident.to_string()), exported),
            UseTree::Rename(rename) => self.used(with(&rename.ident), Some(rename.rename.to_string()), exported),
            UseTree::Glob(_) => self.used(before.to_vec(), None, exported),
        }
    }

    fn used(&mut self, parts: Vec<String>, name: Option<String>, exported: bool) {
        let local = matches!(parts[0].as_str(), "crate" | "self" | "super");
        // A path of an exported child may begin with its bare name.
        let parts = if exported && !local { [vec!["self".to_owned()], parts].concat() } else { parts };
        if let (true, Some(name)) = (exported, name) {
            self.source.exports.push((self.resolve(parts.clone()), name));
        }
        self.add(parts);
    }

    /// Paths and texts within the arguments of a macro, which are not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match &token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.add(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                other => {
                    self.add(std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Literal(literal) => {
                            if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                                self.source.texts.push(text.value());
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        self.add(path);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Use(item) => {
                let exported = !matches!(item.vis, syn::Visibility::Inherited);
                self.use_tree(&[], &item.tree, exported);
            }
            Item::Struct(item) => self.source.types.push(item.ident.to_string()),
            Item::Enum(item) => self.source.types.push(item.ident.to_string()),
            Item::Trait(item) => self.source.types.push(item.ident.to_string()),
            Item::Type(item) => self.source.types.push(item.ident.to_string()),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let is_test = |attribute: &Attribute| attribute.path().is_ident("cfg") && attribute_text(attribute).contains("test");
        if !item.attrs.iter().any(is_test) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.source.texts.push(text.value());
    }
}

fn attribute_text(attribute: &Attribute) -> String {
    match &attribute.meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    }
}
